/** `openndes serve` with a policy module that is wrong: a lost rejection is a log line, an exception ends the server in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled } from '../wiring/device.ts';
import { faultyServer } from './faulty-server.ts';

test('a rejection that nothing handles is logged at error, and the server goes on', async (t) => {
  const { url, child, exit, lines } = await faultyServer(t);
  assert.equal((await enrolled(url, { challenge: 'reject' })).status, 'issued');
  assert.equal((await enrolled(url, { challenge: 'plain' })).status, 'failInfo 2');
  assert.equal((await enrolled(url, { challenge: 'right' })).status, 'issued');
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
  const [found, ...others] = lines().filter(({ event }) => event === 'rejection-unhandled');
  assert.deepEqual([found?.level, found?.err?.message, others.length], [50, 'lost rejection', 0]);
});

test('an exception that nothing catches is logged; the running request is answered, and the server ends with 1', async (t) => {
  const { url, exit, lines } = await faultyServer(t);
  assert.equal((await enrolled(url, { challenge: 'throw' })).status, 'issued');
  assert.deepEqual(await exit, [1, null]);
  const [found] = lines().filter(({ event }) => event === 'exception-uncaught');
  assert.deepEqual([found?.level, found?.err?.message], [50, 'lost exception']);
});
