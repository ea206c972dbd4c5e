/** Who is named in the audit for a command. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test, type TestContext } from 'node:test';
import { commandLineUser } from '../../src/cli/command-line-user.ts';

function sudoUser(t: TestContext, name: string | undefined): void {
  const { SUDO_USER: before } = process.env;
  t.after(() => setVariable(before));
  setVariable(name);
}

function setVariable(value: string | undefined): void {
  if (value === undefined) delete process.env['SUDO_USER'];
  else process.env['SUDO_USER'] = value;
}

test('a command runs for the user of the operating system', (t) => {
  sudoUser(t, undefined);
  const { username, uid } = userInfo();
  assert.deepEqual(commandLineUser(), { actor: { kind: 'person', name: `${username} (uid ${uid})` }, source: 'cli' });
});

test('under sudo the user who ran it is named beside the one it runs as', (t) => {
  sudoUser(t, 'ada');
  const { username, uid } = userInfo();
  assert.deepEqual(commandLineUser().actor, { kind: 'person', name: `${username} (uid ${uid}, sudo: ada)` });
});
