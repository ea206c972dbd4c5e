/** The passphrase of a key is asked for at a terminal, and only there. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { forgetPassphrase, promptedPassphrase, type Terminal } from '../../src/app/passphrase-prompt.ts';
import { until } from '../kit/until.ts';

function terminalOf(isTTY = true) {
  const shown: string[] = [];
  const modes: boolean[] = [];
  const keys = new EventEmitter();
  const input = Object.assign(keys, {
    isTTY,
    setRawMode: (on: boolean) => modes.push(on),
    resume: () => {},
    pause: () => {},
  });
  const terminal = { input, output: { isTTY, write: (text: string) => shown.push(text) } } as unknown as Terminal;
  const type = async (text: string): Promise<void> => {
    await until(() => keys.listenerCount('data') > 0, 'a question', { every: 1 });
    keys.emit('data', Buffer.from(text));
  };
  return { terminal, shown, modes, type };
}

test('what is typed in is the passphrase, is not shown, and is not asked for a second time', async () => {
  const { terminal, shown, modes, type } = terminalOf();
  const asked = promptedPassphrase('the key of the CA (ca.pem)', terminal);
  await type('open ');
  await type('sesamx\u007fe\r');
  assert.equal(await asked, 'open sesame');
  assert.equal(await promptedPassphrase('the key of the CA (ca.pem)', terminal), 'open sesame');
  assert.deepEqual(shown, ['Passphrase of the key of the CA (ca.pem): ', '\n']);
  assert.deepEqual(modes, [true, false]);
});

test('two keys are asked for one after the other', async () => {
  const { terminal, shown, type } = terminalOf();
  const both = Promise.all([promptedPassphrase('the first', terminal), promptedPassphrase('the second', terminal)]);
  await type('one\r');
  await type('two\r');
  assert.deepEqual(await both, ['one', 'two']);
  assert.deepEqual(shown, ['Passphrase of the first: ', '\n', 'Passphrase of the second: ', '\n']);
});

test('a passphrase that was wrong is asked for again', async () => {
  const { terminal, type } = terminalOf();
  const first = promptedPassphrase('the third', terminal);
  await type('wrong\r');
  await first;
  forgetPassphrase('the third');
  const second = promptedPassphrase('the third', terminal);
  await type('right\r');
  assert.equal(await second, 'right');
});

test('Ctrl-C ends the question with what to do', async () => {
  const { terminal, modes, type } = terminalOf();
  const asked = assert.rejects(promptedPassphrase('the fourth', terminal), {
    name: 'ConfigError',
    message: 'no passphrase was typed in',
    remedy: /configure it/,
  });
  await type('abc\u0003');
  await asked;
  assert.deepEqual(modes, [true, false]);
});

test('without a terminal nothing is asked', async () => {
  const { terminal, shown } = terminalOf(false);
  assert.equal(await promptedPassphrase('the fifth', terminal), undefined);
  assert.deepEqual(shown, []);
});
