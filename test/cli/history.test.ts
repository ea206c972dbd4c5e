/** The history in `certs show`: which one-time password a device used, and who made it. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { fields, installed, run } from '../app/installation.ts';

const { username, uid } = userInfo();
const TOKEN = 'a-token-of-32-characters-or-more';

/** A server with one-time passwords; `enrolled` enrols a device with one, and returns its serial number. */
async function oneTime(t: TestContext) {
  const place = await installed(t, (config) =>
    config
      .replace(/\n {4}policy: .*/, '\n    policy: { oneTime: { max: 5 } }')
      .replace('\nauthorities:', `\nadmin: { port: 0, token: ${TOKEN} }\nauthorities:`),
  );
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const enrolled = async (name: string, challenge: string): Promise<string> => {
    const out = join(place.folder, name);
    const subject = ['--subject', `CN=${name}`, '--out', out];
    const said = await run('enroll', server.urls[0]!, ...subject, '--challenge', challenge, '--json');
    assert.equal(said.code, 0, said.err);
    return String(fields(said)['serial']);
  };
  const lastLine = async (serial: string) => (await place.cli('certs', 'show', serial)).out.split('\n').at(-1)!;
  return { ...place, adminUrl: server.adminUrl!, enrolled, lastLine };
}

test('certs show names the one-time password by its id, and who made it', async (t) => {
  const { cli, enrolled, lastLine } = await oneTime(t);
  const made = fields(await cli('challenge', 'new', '--json'));
  const id = String(made['id']);
  assert.match(id, /^[0-9a-f]{12}$/);
  const serial = await enrolled('laptop', String(made['challenge']));
  const line = await lastLine(serial);
  assert.match(line, / {2}issued {2}by the device \(scep\) {2}one-time password [0-9a-f]{12}, made 20\S+Z by /);
  assert.ok(line.includes(`one-time password ${id},`), line);
  assert.ok(line.endsWith(` by ${username} (uid ${uid}) (cli)`), line);
  const { history } = fields(await cli('certs', 'show', serial, '--json'));
  assert.equal((history as { challenge?: { id: string } }[])[0]?.challenge?.id, id);
  assert.match((await cli('challenge', 'new')).err, /^For .*, once, until .*\. Its id in certs show: [0-9a-f]{12}$/);
});

test('of a password that a program made, certs show names the token and the address', async (t) => {
  const { adminUrl, enrolled, lastLine } = await oneTime(t);
  const response = await fetch(new URL('/api/challenges', adminUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { challenge, id } = (await response.json()) as { challenge: string; id: string };
  const line = await lastLine(await enrolled('laptop', challenge));
  assert.ok(line.includes(`one-time password ${id},`), line);
  assert.ok(line.endsWith(' by token from 127.0.0.1 (api)'), line);
});
