/** The restore drill: a server works, is backed up and works on; its disk is lost; the backup is restored and devices enrol again. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { pendingFor } from '../../src/testing/store-samples.ts';
import { newRsaKey } from '../kit/keys.ts';
import { installed, rows, run } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

async function enrolled(url: string, challenge: string, subject: string): Promise<void> {
  const plan = { key: newRsaKey(), subject: nameFromText(subject), challenge };
  assert.equal((await enroll(await discover(url, context), plan, context)).status, 'success');
}

/** The CRLNumber (RFC 5280 5.2.3) of the list that is served: an INTEGER in an OCTET STRING behind its OBJECT IDENTIFIER. */
async function listNumber(origin: string): Promise<number> {
  const list = Buffer.from(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer());
  const at = list.indexOf(Buffer.from('0603551d14', 'hex')) + 5;
  const length = list[at + 3]!;
  return Number(`0x${list.toString('hex', at + 4, at + 4 + length)}`);
}

const namesIn = async (config: string): Promise<string[]> =>
  rows(await run('certs', 'list', '--json', '--config', config)).map(({ subject }) => subject!);

test('a disk is lost, the encrypted backup of before is restored elsewhere, and the server goes on from it', async (t) => {
  const { folder, config, challenge, cli, started } = await installed(t);
  const word = join(folder, 'word');
  writeFileSync(word, 'a passphrase of the tests\n', { mode: 0o600 });
  const { url, origin, close } = await started();
  await enrolled(url, challenge, 'CN=before');
  const store = await openConfiguredStore(config);
  const password = {
    endpoint: '/once',
    password: 'ONCE',
    createdAt: new Date(),
    expiresAt: new Date(Date.now() + 3_600_000),
  };
  await store.addChallenge(password, 5);
  await store.recordPending(pendingFor(1));
  const archive = join(folder, 'backup.age');
  assert.equal((await cli('backup', '--passphrase-file', word, archive)).code, 0);

  // What the backup does not know: a certificate, a revocation and the list with it.
  await enrolled(url, challenge, 'CN=after');
  const [before] = rows(await cli('certs', 'list', '--json', '--cn', 'before'));
  assert.equal((await cli('certs', 'revoke', before!['serial']!, '--reason', 'keyCompromise')).code, 0);
  const published = await listNumber(origin);
  await store.close();
  await close();
  for (const lost of readdirSync(folder))
    if (lost !== 'backup.age' && lost !== 'word') rmSync(join(folder, lost), { recursive: true });

  const target = join(folder, 'restored');
  const { code, out } = await run('restore', '--passphrase-file', word, archive, target);
  assert.equal(code, 0);
  const said = out.split('\n');
  assert.match(said[0]!, /^restored into .*restored: \d+ files, made /);
  assert.equal(
    said[1],
    'voided: 1 one-time passwords and 1 waiting requests; devices ask again, and passwords are issued anew',
  );
  assert.equal(said[2], 'the next revocation list of each CA is a new one, with a higher number than any before');
  assert.match(said[3]!, /^the newest certificate that the store knows: [0-9a-f]+, CN=before, of \d{4}-/);
  assert.match(said[4]!, /^its history ends at \d{4}-/);
  assert.match(said[5]!, /^What happened since \d{4}-.*Z cannot be known from it; /);
  assert.equal(said.length, 11);

  const again = join(target, 'openndes.yaml');
  assert.deepEqual(await namesIn(again), ['CN=before']);
  const server = await startServer(again, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const [next] = server.urls;
  assert.ok((await listNumber(new URL(next!).origin)) > published);
  for (const subject of ['CN=after', 'CN=later']) await enrolled(next!, challenge, subject);
  assert.deepEqual(await namesIn(again), ['CN=later', 'CN=after', 'CN=before']);
  const restored = await openConfiguredStore(again);
  t.after(() => restored.close());
  assert.equal(await restored.findChallenge('/once', 'ONCE'), undefined);
  assert.deepEqual(await restored.listPending(), []);
  assert.equal((await run('store', 'check', '--config', again)).code, 0);
  assert.equal((await run('audit', 'verify', '--config', again)).code, 0);
});

test('store after-restore does the same for a store that was put back by hand, and says that nothing is left to void', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  await store.recordPending(pendingFor(1));
  const first = await cli('store', 'after-restore', '--made-at', '2027-03-01T03:00:00Z');
  assert.equal(first.code, 0);
  assert.match(first.out, /^voided: 0 one-time passwords and 1 waiting requests;/);
  assert.match(first.out, /\nWhat happened since 2027-03-01T03:00:00Z cannot be known/);
  assert.equal((await store.listAudit({ limit: 1 }))[0]?.detail, 'backup of 2027-03-01T03:00:00Z');
  assert.match((await cli('store', 'after-restore')).out, /^voided: 0 one-time passwords and 0 waiting requests;/);
  await store.close();
});
