/** What the listeners of a started server ask of the system. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { installed } from './installation.ts';

/** What Linux would lower it to, and whether it is Linux. */
const SOMAXCONN = '/proc/sys/net/core/somaxconn';
const holds = (count: number): boolean => existsSync(SOMAXCONN) && Number(readFileSync(SOMAXCONN, 'utf8')) > count;

/** The states of connections to this port, proc(5). */
const statesTo = (port: number): string[] =>
  readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote]) => remote?.endsWith(`:${port.toString(16).padStart(4, '0').toUpperCase()}`))
    .map(([, , , state = '']) => state);

/** The kernel goes on, and this process accepts nothing. */
const blockFor = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('a thousand connections of one moment wait until they are accepted', { skip: !holds(1000) }, async (t) => {
  const { origin } = await (await installed(t)).started();
  const port = Number(new URL(origin).port);
  const sockets = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  // They are connected now; the server, which is this process, has accepted none. A dropped one would be in SYN_SENT.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const isConnected = (): boolean => statesTo(port).every((state) => state === '01');
  for (let tries = 0; tries < 25 && !isConnected(); tries++) blockFor(20);
  const states = statesTo(port);
  assert.deepEqual([states.length, [...new Set(states)]], [1000, ['01']]);
});
