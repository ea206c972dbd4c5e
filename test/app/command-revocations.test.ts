/** What commands revoke is told to the log and the metrics of one server, once. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { commandRevocationsJob } from '../../src/app/command-revocations-job.ts';
import type { AuditSource } from '../../src/core/records.ts';
import type { ServerEvent } from '../../src/core/events.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, certificateId, issuanceFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';

const MINUTE = 60_000;

type Revoked = { source?: AuditSource; detail?: string; ago?: number };

async function underTest(t: TestContext) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const told: string[] = [];
  const emit = (event: ServerEvent): void => {
    if (event.event === 'certificates-revoked') told.push(`${event.source} ${event.reason} ${event.number}`);
  };
  const job = () => commandRevocationsJob({ store, clock, emit });
  const run = (of: ReturnType<typeof job>) => of.run(new AbortController().signal);
  const revoke = async (n: number, { source = 'cli', detail = 'superseded', ago = 0 }: Revoked = {}) => {
    await store.recordIssued(issuanceFor(n));
    const audit = { ...auditFor(n, 'revoked', new Date(clock().getTime() - ago)), source, detail };
    assert.equal(await store.revoke(certificateId(n), 'superseded', audit), true);
  };
  return { clock, told, job, run, revoke };
}

test('what commands revoke is told by reason, once; other ways to revoke have told it themselves', async (t) => {
  const { clock, told, job, run, revoke } = await underTest(t);
  await revoke(1);
  clock.forward(1);
  const server = job();
  await run(server);
  assert.deepEqual(told, []);
  clock.forward(MINUTE);
  await revoke(2);
  await revoke(3, { detail: 'superseded (lost)' });
  await revoke(4, { detail: 'keyCompromise (all of its issuer)' });
  await revoke(5, { source: 'page' });
  clock.forward(MINUTE);
  await run(server);
  assert.deepEqual(told.toSorted(), ['cli keyCompromise 1', 'cli superseded 2']);
  await run(server);
  clock.forward(10 * MINUTE);
  await run(server);
  assert.equal(told.length, 2);
});

test('an entry that was committed late is told, and another server does not tell again what this one told', async (t) => {
  const { clock, told, job, run, revoke } = await underTest(t);
  const [first, second] = [job(), job()];
  await run(first);
  clock.forward(MINUTE);
  await run(first);
  await revoke(1, { ago: MINUTE / 2 });
  clock.forward(MINUTE / 2);
  await run(first);
  assert.deepEqual(told, ['cli superseded 1']);
  await run(second);
  await run(second);
  assert.equal(told.length, 1);
  clock.forward(MINUTE);
  await revoke(2);
  await run(second);
  assert.deepEqual(told, ['cli superseded 1', 'cli superseded 1']);
});
