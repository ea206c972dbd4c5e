/** Randomness and deadlines of the system: random octets from a pool, one deadline for half a second. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock, test } from 'node:test';
import { ORPHANED_AFTER } from '../../src/enroll/record.ts';
import { UNREACHABLE_PATIENCE } from '../../src/enroll/waiting.ts';
import { TIMEOUTS } from '../../src/intune/retry.ts';
import { sharedDeadline, systemDeadline, systemRandom } from '../../src/embed/system.ts';

test('random octets have the requested length, and none is returned twice', () => {
  const lengths = [1, 8, 16, 16, 16, 32, 4096, 4097, 5, 4000, 200];
  const handfuls = Array.from({ length: 40 }, () => lengths.map((length) => systemRandom(length))).flat();
  handfuls.forEach((octets, i) => assert.equal(octets.length, lengths[i % lengths.length]));
  const long = handfuls.filter(({ length }) => length >= 16).map((octets) => Buffer.from(octets).toString('hex'));
  assert.equal(new Set(long.map((hex) => hex.slice(0, 32))).size, long.length);
});

test('every octet of a page is handed out once, and wiped from the page as it is', (t) => {
  systemRandom(4096);
  const pages: Uint8Array[] = [];
  const filled = mock.method(crypto, 'randomFillSync', (page: Uint8Array) => {
    page.forEach((_octet, at) => (page[at] = at < 48 ? at + 1 : 0xff));
    pages.push(page);
    return page;
  });
  syncBuiltinESMExports();
  t.after(() => {
    filled.mock.restore();
    syncBuiltinESMExports();
  });

  assert.equal(Buffer.from(systemRandom(16)).toString('hex'), '0102030405060708090a0b0c0d0e0f10');
  assert.equal(Buffer.from(systemRandom(8)).toString('hex'), '1112131415161718');
  assert.equal(pages.length, 1);
  assert.deepEqual(Buffer.from(pages[0]!.subarray(0, 24)), Buffer.alloc(24));
  assert.deepEqual([pages[0]![24], pages[0]![47], pages[0]![48]], [25, 48, 0xff]);

  assert.equal(systemRandom(4072).length, 4072);
  assert.equal(pages.length, 1);
  assert.deepEqual(Buffer.from(pages[0]!), Buffer.alloc(4096));
  assert.equal(systemRandom(1)[0], 1);
  assert.equal(pages.length, 2);
});

test('returned octets are a copy: changing them changes no later ones', () => {
  const first = systemRandom(16);
  first.fill(0);
  assert.ok(systemRandom(16).some((octet) => octet !== 0));
  assert.equal(first.buffer.byteLength, 16);
});

test('requests at the same time share a deadline; half a second later they get a new one', async () => {
  const [first, second] = [systemDeadline(), systemDeadline()];
  assert.equal(first, second);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const third = systemDeadline();
  assert.notEqual(third, first);
  assert.ok([first, third].every(({ aborted }) => !aborted));
});

test('a short deadline is not over when it is given', async () => {
  const deadline = sharedDeadline(200);
  const first = deadline();
  await new Promise((resolve) => first.addEventListener('abort', resolve));
  assert.equal(deadline().aborted, false);
  await new Promise((resolve) => setTimeout(resolve, 15));
  const second = deadline();
  await new Promise((resolve) => setTimeout(resolve, 15));
  assert.notEqual(deadline(), second);
});

test('the time limits nest: two questions to Intune, the request, what counts as orphaned, the wait for a service', async (t) => {
  const timeout = t.mock.method(AbortSignal, 'timeout');
  await new Promise((resolve) => setTimeout(resolve, 600));
  systemDeadline();
  const [request] = timeout.mock.calls.map((call) => call.arguments[0]);
  const limits = { question: TIMEOUTS.totalMs, request, orphaned: ORPHANED_AFTER, patience: UNREACHABLE_PATIENCE };
  assert.deepEqual(limits, { question: 25_000, request: 55_000, orphaned: 90_000, patience: 3_600_000 });
  assert.ok(2 * TIMEOUTS.totalMs < request!, 'validateRequest and successNotification fit into one request');
  assert.ok(request! < ORPHANED_AFTER, 'no notification that still runs is taken for an orphan');
  assert.ok(ORPHANED_AFTER < UNREACHABLE_PATIENCE, 'an orphan is finished while its device still asks');
});
