/** The runbooks, walked: every command of docs/runbooks.md is run as it stands, on a server that has issued, and then devices enrol. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll, type ScepServer } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { installed, run } from '../app/installation.ts';
import { ecKey, newRsaKey } from '../kit/keys.ts';
import { shellWords } from './command-lines.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/runbooks.md'), 'utf8');
const context = { fetch, clock: systemClock, random: systemRandom };
const HOME = process.cwd();

/** The blocks of one section of the page, in their order. */
function blocksOf(heading: string): { language: string; lines: string[] }[] {
  const section = PAGE.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const found = [...section.matchAll(/^```(?<language>\w+)\n(?<block>[\s\S]*?)^```/gm)];
  assert.ok(found.length > 0, heading);
  return found.map(({ groups = {} }) => ({
    language: groups['language'] ?? '',
    lines: (groups['block'] ?? '').trimEnd().split('\n'),
  }));
}

/** An installation with its root key on a medium of its own, and a server that runs. `walk` does what a section says. */
async function place(t: TestContext) {
  const { folder, config, challenge } = await installed(t);
  for (const each of ['media', 'backups']) mkdirSync(join(folder, each));
  renameSync(join(folder, 'certs/root-ca.key.pem'), join(folder, 'media/root-ca.key.pem'));
  process.chdir(folder);
  t.after(() => process.chdir(HOME));
  const start = () => startServer(config, { logLevel: 'silent', workers: 1 });
  let server: Awaited<ReturnType<typeof start>> | undefined = await start();
  const stop = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };
  t.after(stop);
  const service: Record<string, () => Promise<unknown>> = {
    stop,
    start: async () => (server ??= await start()),
    restart: async () => {
      await stop();
      server = await start();
    },
    reload: async () => server?.reload(),
  };
  const issuerIdOf = async (subject: string): Promise<string> => {
    const { out } = await run('ca', 'rollover', 'plan', '--json');
    const { cas } = JSON.parse(out) as { cas: { subject: string; issuerId: string }[] };
    return cas.find((each) => each.subject === subject)?.issuerId ?? '';
  };

  async function shell(written: string, said: string[]): Promise<void> {
    const line = written
      .replaceAll('/media/root', join(folder, 'media'))
      .replaceAll('/var/backups/openndes', join(folder, 'backups'));
    const [, step] = /^systemctl (\w+) openndes$/.exec(line) ?? [];
    if (step !== undefined) return void (await service[step]?.());
    if (!line.startsWith('openndes ')) {
      const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8' });
      return assert.equal(status, 0, `${line}: ${stderr}`);
    }
    const id = line.includes('ISSUERID') ? await issuerIdOf('CN=Test Issuing CA') : '';
    const words = shellWords(line.replace('ISSUERID', id)).slice(1);
    const { code, out, err } = await run(...words);
    assert.equal(code, 0, `${line}: ${err}`);
    said.push(out, err);
  }

  /** What its commands said. A block of YAML takes the place of its section in the configuration. */
  async function walk(heading: string): Promise<string> {
    const said: string[] = [];
    for (const { language, lines } of blocksOf(heading)) {
      if (language === 'yaml') {
        const section = /^authorities:\n(?:[ \n].*\n?|\n)+?(?=^\S)/m;
        writeFileSync(config, readFileSync(config, 'utf8').replace(section, `${lines.join('\n')}\n\n`));
      } else for (const line of lines) await shell(line, said);
    }
    return said.join('\n');
  }

  const url = (): string => server?.urls[0] ?? 'no server';
  const told = (): Promise<ScepServer> => discover(url(), context);
  const device = async (name: string, scep?: ScepServer) => {
    const plan = { key: ecKey(name), subject: nameFromText(`CN=${name}`), challenge };
    const reply = await enroll(scep ?? (await told()), plan, context);
    return reply.status === 'success' ? new X509Certificate(reply.certificates[0]!) : reply.status;
  };
  return { folder, walk, told, device, url, challenge };
}

type Place = Awaited<ReturnType<typeof place>>;

/** A device with a certificate; `renew` says who issued the next one, or what it got instead. */
async function laptop({ told, challenge }: Place) {
  const key = newRsaKey();
  const subject = nameFromText('CN=laptop');
  const first = await enroll(await told(), { key, subject, challenge }, context);
  assert.ok(first.status === 'success');
  const signer = { certificate: first.certificates[0]!, key };
  const renew = async (): Promise<string> => {
    const reply = await enroll(await told(), { key: newRsaKey(), subject, signer }, context);
    return reply.status === 'success' ? new X509Certificate(reply.certificates[0]!).issuer : reply.status;
  };
  return { certificate: new X509Certificate(first.certificates[0]!), renew };
}

const issuerOf = (got: X509Certificate | string): string => (typeof got === 'string' ? got : got.issuer);
const skip = process.platform === 'win32';

test('the RA key was stolen: another RA serves, nothing opens with the old one, and certificates renew', {
  skip,
}, async (t) => {
  const here = await place(t);
  const { renew } = await laptop(here);
  const before = await here.told();
  assert.equal(issuerOf(await here.device('before', before)), 'CN=Test Issuing CA');
  await here.walk('The RA key was stolen');
  assert.notDeepEqual((await here.told()).recipient, before.recipient);
  assert.equal(issuerOf(await here.device('after')), 'CN=Test Issuing CA');
  await assert.rejects(here.device('late', before), /not signed by the RA/);
  assert.equal(await renew(), 'CN=Test Issuing CA');
});

test('the CA key was stolen: another CA issues, what the old one issued is revoked and renews no more', {
  skip,
}, async (t) => {
  const here = await place(t);
  const { renew } = await laptop(here);
  const said = await here.walk('The CA key was stolen');
  assert.match(said, /revoked 1 certificates of CN=Test Issuing CA: cACompromise/);
  assert.equal(issuerOf(await here.device('after')), 'CN=Test Issuing CA G2');
  assert.equal(await renew(), 'failure');
  const list = pkijs.CertificateRevocationList.fromBER(
    Uint8Array.from(readFileSync(join(here.folder, 'root.crl'))).buffer,
  );
  const taken = new X509Certificate(readFileSync(join(here.folder, 'certs/issuing-ca.pem')));
  assert.equal(list.isCertificateRevoked(pkijs.Certificate.fromBER(Uint8Array.from(taken.raw).buffer)), true);
});

test('the CA key was lost: another CA issues, and certificates of the old one renew', { skip }, async (t) => {
  const here = await place(t);
  const { renew } = await laptop(here);
  rmSync(join(here.folder, 'certs/issuing-ca.key.pem'));
  const said = await here.walk('The CA key was lost');
  assert.match(said, /1 certificates of CN=Test Issuing CA have not ended/);
  assert.equal(issuerOf(await here.device('after')), 'CN=Example Issuing CA G2');
  assert.equal(await renew(), 'CN=Example Issuing CA G2');
  const list = async (name: string) => (await fetch(new URL(`/crl/${name}.crl`, here.url()))).status;
  assert.deepEqual([await list('issuing'), await list('issuing-g2')], [404, 200]);
});

test('the database was lost: the backup is restored, and what was issued since is imported and renews', {
  skip,
}, async (t) => {
  const here = await place(t);
  const first = await laptop(here);
  assert.equal((await run('backup', join(here.folder, 'backups/newest.tar'))).code, 0);
  const later = await here.device('later');
  assert.ok(typeof later !== 'string');
  mkdirSync(join(here.folder, 'collected'));
  writeFileSync(join(here.folder, 'collected/later.pem'), later.toString());
  const said = await here.walk('The database was lost');
  assert.match(said, /imported 1/);
  const revoked = await run('certs', 'revoke', later.serialNumber);
  assert.deepEqual([revoked.code, revoked.err], [0, '']);
  assert.equal(await first.renew(), 'CN=Test Issuing CA');
});
