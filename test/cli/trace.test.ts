/** `openndes trace`: a device in a terminal, and as JSON. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import { installed, run } from '../app/installation.ts';
import { until } from '../kit/until.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');
const SIGNALS = { skip: process.platform === 'win32' && 'no signals' };

async function filled(t: TestContext) {
  const place = await installed(t);
  const store = await openConfiguredStore(place.config);
  const question = { operation: 'GetCACert', outcome: 'answered', names: [], times: 3 } as const;
  const bare = {
    code: undefined,
    detail: undefined,
    transactionId: undefined,
    subject: undefined,
    messageType: undefined,
  };
  await store.recordAttempts([
    attemptFor(1, { ...bare, ...question }),
    attemptFor(1, { code: 'challenge_expired', detail: 'of 11:00\u001b[31m', clientRequestId: 'c-1' }),
    attemptFor(2),
  ]);
  await store.close();
  return place;
}

test('a device: what became of it, what to do, and every step with its time', async (t) => {
  const { cli } = await filled(t);
  const { code, out, err } = await cli('trace', 'DEVICE-1');
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(
    out.split('\n').map((line) => line.replace(/ +/g, ' ')),
    [
      'Device-1',
      'refused: The challenge has expired: of 11:00\\u{1b}[31m.',
      'do: The challenge is older than its validity. Intune gives the device a new one at its next check-in; issue a new one-time password yourself.',
      '',
      'TIME (UTC) MS ADDRESS REQUEST OUTCOME WHAT',
      '2026-03-01 12:00:01 1 192.0.2.1 GetCACert ×3 answered same address',
      '2026-03-01 12:00:01 1 192.0.2.1 PKCSReq refused challenge_expired The challenge has expired; of 11:00\\u{1b}[31m; client-request-id c-1',
      '"same address": of the same address and program within 10 minutes; it may be of another device.',
    ],
  );
});

test('what Intune means by a code is said once in the verdict and once in the step', async (t) => {
  const place = await installed(t);
  const store = await openConfiguredStore(place.config);
  const detail = 'Intune answered ChallengeExpired. The challenge is older than its 60 minutes.';
  await store.recordAttempts([attemptFor(1, { code: 'intune_denied', intuneCode: 'ChallengeExpired', detail })]);
  await store.close();
  const { out } = await place.cli('trace', 'device-1');
  assert.match(out, /^refused: Intune refused with ChallengeExpired: The challenge is older than its 60 minutes\.$/m);
  assert.match(out, / refused intune_denied {2}Intune refused with ChallengeExpired: [^;]+$/m);
});

test('several, none, and JSON', async (t) => {
  const { cli } = await filled(t);
  const several = await cli('trace', 'device');
  assert.equal(several.out, 'Nothing is called so. These begin so:\ndevice-1\ndevice-2');
  const none = await cli('trace', 'unknown');
  assert.deepEqual([none.code, none.out], [1, '']);
  assert.match(none.err, /^Nothing is recorded of unknown\. A request that never arrived leaves nothing/);
  const json = JSON.parse((await cli('trace', 'device-2', '--json')).out) as {
    kind: string;
    trace: { verdict: { state: string }; steps: { code: string }[] };
  };
  assert.deepEqual(
    [json.kind, json.trace.verdict.state, json.trace.steps.map(({ code }) => code)],
    ['trace', 'refused', ['challenge_wrong']],
  );
});

/** `openndes trace` as a process of its own. */
function following(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [BIN, 'trace', ...args, '--follow'], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.on('data', (octets: Buffer) => (said.out += octets.toString()));
  child.stderr.on('data', (octets: Buffer) => (said.err += octets.toString()));
  return { child, said, exit: once(child, 'exit') };
}

test('--follow: what a device sends to a running server, each request once, until SIGINT', SIGNALS, async (t) => {
  const { config, folder, challenge, started } = await installed(t);
  const { url } = await started();
  const enroll = (name: string) =>
    run('enroll', url, '--subject', `CN=${name}`, '--challenge', challenge, '--out', join(folder, name));
  const { child, said, exit } = following(t, 'laptop-7', '--config', config);
  await until(
    () => said.err.includes('Nothing is recorded of laptop-7.'),
    () => said.err,
  );
  assert.equal((await enroll('laptop-8')).code, 0);
  assert.equal((await enroll('laptop-7')).code, 0);
  const issued = () => said.out.split('\n').filter((line) => / PKCSReq +issued/.test(line)).length;
  await until(
    () => issued() === 1,
    () => said.out,
  );
  rmSync(join(folder, 'laptop-7'), { recursive: true });
  assert.equal((await enroll('laptop-7')).code, 0);
  await until(
    () => issued() === 2,
    () => said.out,
  );
  child.kill('SIGINT');
  assert.deepEqual(await exit, [0, null]);
  assert.equal(issued(), 2);
});
