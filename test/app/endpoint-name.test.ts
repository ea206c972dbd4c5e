/** `endpoints[].name` in a running server: an endpoint that moves to another URL keeps its records. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll, poll } from '../../src/client/scep-client.ts';
import { hashPassword } from '../../src/access/password-hash.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { passwordOn } from '../admin/admin-under-test.ts';
import { rsaKey } from '../kit/keys.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const subject = nameFromText('CN=device');
const OLD = 'path: /scep/old';
const MOVED = 'path: /scep/new\n    name: /scep/old';

/** An installation with its endpoint at /scep/old; `move` gives it another path, and the old one as name. */
async function place(t: TestContext, more = '') {
  const { config, challenge, folder, cli } = await installed(t, (text) =>
    text.replace('path: /certsrv/mscep/mscep.dll', `${OLD}${more}`),
  );
  const move = (): void => writeFileSync(config, readFileSync(config, 'utf8').replace(OLD, MOVED));
  /** Runs work against a server that ends with it. */
  const served = async <T>(work: (url: string, adminUrl?: string) => Promise<T>): Promise<T> => {
    const server = await startServer(config, { logLevel: 'silent', workers: 1 });
    try {
      return await work(server.urls[0] ?? assert.fail('no URL'), server.adminUrl);
    } finally {
      await server.close();
    }
  };
  return { challenge, folder, config, cli, move, served };
}

test('a certificate from the old path renews at the new one, and both records have one endpoint', async (t) => {
  const { challenge, cli, move, served } = await place(t);
  const [first, second] = [rsaKey('first'), rsaKey('second')];
  const certificate = await served(async (url) => {
    assert.ok(url.endsWith('/scep/old'));
    const reply = await enroll(await discover(url, context), { key: first, subject, challenge }, context);
    assert.ok(reply.status === 'success');
    return reply.certificates[0] ?? assert.fail('no certificate');
  });
  move();
  await served(async (url) => {
    assert.ok(url.endsWith('/scep/new'));
    const renewal = { key: second, subject, signer: { certificate, key: first } };
    assert.equal((await enroll(await discover(url, context), renewal, context)).status, 'success');
  });
  const { out } = await cli('certs', 'list', '--json');
  assert.deepEqual(
    (JSON.parse(out) as { endpoint: string }[]).map(({ endpoint }) => endpoint),
    ['/scep/old', '/scep/old'],
  );
});

test('a request that waits at the old path is approved and fetched at the new one', async (t) => {
  const { challenge, cli, move, served } = await place(t, '\n    approval: manual');
  const key = rsaKey('first');
  const plan = {
    key,
    subject,
    challenge,
    signer: { certificate: await selfSigned(key, subject, systemClock, systemRandom), key },
  };
  await served(async (url) => {
    const { signer: _, ...request } = plan;
    assert.equal((await enroll(await discover(url, context), request, context)).status, 'pending');
  });
  move();
  const [waiting] = JSON.parse((await cli('certs', 'pending', '--json')).out) as { id: string }[];
  assert.equal((await cli('certs', 'approve', waiting?.id ?? '')).code, 0);
  await served(async (url) => {
    assert.equal((await poll(await discover(url, context), plan, context)).status, 'success');
  });
});

test('one-time passwords belong to the name, can be asked for by name and by path, and their page is at the path', async (t) => {
  const { config, folder, cli, move } = await place(t);
  move();
  const text = readFileSync(config, 'utf8').replace(/policy: \{ static.*/, 'policy: { oneTime: {} }');
  writeFileSync(config, `${text}\nadmin: { port: 0, users: { ndes: "\${file:ndes.hash}" } }\n`);
  writeFileSync(join(folder, 'ndes.hash'), await hashPassword('correct horse', systemRandom));
  const { out } = await cli('challenge', 'new');
  for (const asked of ['/scep/old', '/scep/new'])
    assert.match((await cli('challenge', 'new', '--endpoint', asked)).err, /^For \/scep\/old, once/);

  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const authorization = `Basic ${Buffer.from('ndes:correct horse').toString('base64')}`;
  const page = await fetch(`${server.adminUrl}/scep/new/mscep_admin/`, { headers: { authorization } });
  const password = passwordOn(new Uint8Array(await page.arrayBuffer())) ?? assert.fail('no password on the page');
  const scep = await discover(server.urls[0] ?? '', context);
  for (const [index, challenge] of [out, password].entries()) {
    const plan = { key: rsaKey(`device ${index}`), subject, challenge };
    assert.equal((await enroll(scep, plan, context)).status, 'success');
  }
});
