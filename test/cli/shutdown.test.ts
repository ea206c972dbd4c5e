/** `openndes serve` at SIGTERM: the drain, the running requests, and a second signal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { enrolled } from '../wiring/device.ts';
import { configured, LISTEN, statusAt } from '../wiring/server.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');
const SIGNALS = { skip: process.platform === 'win32' && 'no signals' };

/** The server as a process of its own, after its line "Ready". */
async function serving(t: TestContext, listen: object) {
  const config = configured({ listen: { ...LISTEN, ...listen } });
  const child = spawn(process.execPath, [BIN, 'serve', '--config', config], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = line.slice('Ready: '.length);
  return { child, exit, url, readiness: new URL('/readyz', url).href };
}

/** Waits until `/readyz` is no longer 200, and returns what it is. */
async function unready(readiness: string): Promise<number> {
  for (;;) {
    const status = await statusAt(readiness);
    if (status !== 200) return status;
  }
}

test(
  'SIGTERM: readyz is 503 at once, devices enrol during the drain, and a silent connection delays nothing',
  SIGNALS,
  async (t) => {
    const { child, exit, url, readiness } = await serving(t, { drain: '2s' });
    const silent = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    await once(silent, 'connect');
    const begun = performance.now();
    child.kill('SIGTERM');
    assert.equal(await unready(readiness), 503);
    assert.equal((await enrolled(url)).status, 'issued');
    const early = performance.now() - begun;
    assert.ok(early < 1_900, `answered after ${early} ms`);
    assert.deepEqual(await exit, [0, null]);
    const lasted = performance.now() - begun;
    assert.ok(lasted >= 2_000 && lasted < 10_000, `ended after ${lasted} ms`);
  },
);

test('a second SIGTERM ends the drain and the process at once, with 130', SIGNALS, async (t) => {
  const { child, exit, readiness } = await serving(t, { drain: '60s' });
  child.kill('SIGTERM');
  assert.equal(await unready(readiness), 503);
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [130, null]);
});
