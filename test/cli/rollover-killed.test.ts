/** `openndes ca rollover` is killed before each of its writes: the authority is whole, and the same command completes the step. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { installed, type Said } from '../app/installation.ts';

const BIN = join(import.meta.dirname, '../../bin/openndes.mjs');
const PRELOAD = join(import.meta.dirname, 'killed-at.ts');

async function place(t: TestContext) {
  const { folder, config, cli } = await installed(t);
  const issuerKey = ['--issuer-key', join(folder, 'certs/root-ca.key.pem')];
  const rollover = (...args: string[]): Promise<Said> => cli('ca', 'rollover', ...args);
  const start = ['start', '--new-key', ...issuerKey];
  /** Whether the process was killed; it ended by itself when it has fewer operations. */
  const killedAt = (at: number, args: readonly string[]): boolean => {
    const { signal, status, stderr } = spawnSync(
      process.execPath,
      ['--import', PRELOAD, BIN, 'ca', 'rollover', ...args, '--config', config],
      { env: { ...process.env, OPENNDES_TEST_KILLED_AT: String(at) }, encoding: 'utf8' },
    );
    assert.ok(signal === 'SIGKILL' || status === 0, stderr);
    return signal === 'SIGKILL';
  };
  const caOf = async (): Promise<string> => /subject: (CN=.*)/.exec((await cli('ca', 'show')).out)?.[1] ?? '';
  const files = () => readdirSync(join(folder, 'certs')).filter((file) => file.startsWith('issuing-ca'));
  const state = () => readFileSync(join(folder, 'certs/issuing-ca.rollover.json'), 'utf8');
  return { cli, rollover, start, killedAt, caOf, files, state };
}

const OLD = 'CN=Test Issuing CA';
const NEW = 'CN=Test Issuing CA G2';
const MADE = ['issuing-ca-g2.chain.pem', 'issuing-ca-g2.key.pem', 'issuing-ca-g2.pem'];
const ALL = [...MADE, 'issuing-ca.key.pem', 'issuing-ca.pem', 'issuing-ca.rollover.json'];
const NONE = ['issuing-ca.key.pem', 'issuing-ca.pem'];

/** Without what a killed process was writing under a random name. */
const whole = (files: string[]) => files.filter((file) => !/\.[0-9a-f]{8}-[0-9a-f-]{27}$/.test(file)).toSorted();

test('`start` that is killed before one of its writes changes no certificate, and the next one starts', async (t) => {
  const { cli, rollover, start, killedAt, caOf, files } = await place(t);
  // Every second write: an attempt first removes what the one before it has left.
  let kills = 0;
  for (; killedAt(2 * kills, start); kills++) {
    assert.equal((await cli('check')).code, 0);
    assert.equal(await caOf(), OLD);
    const plan = JSON.parse((await rollover('plan', '--json')).out) as { state: string };
    assert.equal(plan.state, 'none');
  }
  assert.ok(kills >= 4, String(kills));
  assert.deepEqual(whole(files()), ALL);
  assert.equal((await rollover('finish')).code, 0);
  assert.equal(await caOf(), NEW);
  assert.equal((await cli('check')).code, 0);
});

test('`abort` after a `start` that was killed, and `abort` that is killed, leave no file of the next CA', async (t) => {
  const { cli, rollover, start, killedAt, caOf, files } = await place(t);
  assert.equal(killedAt(3, start), true);
  assert.equal((await rollover('abort')).code, 0);
  assert.deepEqual(whole(files()), NONE);
  for (let at = 0; ; at += 2) {
    assert.equal((await rollover(...start)).code, 0);
    const killed = killedAt(at, ['abort']);
    assert.equal((await cli('check')).code, 0);
    assert.equal(await caOf(), OLD);
    if (!killed) {
      assert.ok(at >= 6, String(at));
      break;
    }
    assert.equal((await rollover('abort')).code, 0);
    assert.deepEqual(whole(files()), NONE);
  }
  assert.deepEqual(whole(files()), NONE);
});

test('`finish` that is killed has let the next CA issue as a whole or not at all', async (t) => {
  const { cli, rollover, start, killedAt, caOf } = await place(t);
  await rollover(...start);
  assert.equal(killedAt(0, ['finish']), true);
  assert.equal(await caOf(), OLD);
  assert.equal((await cli('check')).code, 0);
  assert.equal(killedAt(1, ['finish']), false);
  assert.equal(await caOf(), NEW);
  assert.match((await rollover('finish')).out, /^this rollover was finished before/);
  assert.equal((await cli('check')).code, 0);
});
