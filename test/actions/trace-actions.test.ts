/** Actions on what devices asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Caller, perform } from '../../src/actions/action.ts';
import { TRACE_ACTIONS } from '../../src/actions/trace-actions.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import { desk } from './desk.ts';

const [TRACE, LIST] = TRACE_ACTIONS;
const caller: Caller = {
  actor: { kind: 'person', name: 'ada' },
  source: 'page',
  grants: [{ role: 'viewer', endpoints: ['/scep/office'] }],
};

test('requests are listed page by page, those that failed alone, and only where the caller may look', async () => {
  const own = await desk();
  const endpoint = '/scep/office';
  await own.store.recordAttempts([
    ...[1, 2, 3].map((n) => attemptFor(n, { endpoint })),
    attemptFor(4, { endpoint: '/elsewhere' }),
    attemptFor(5, { endpoint, code: undefined, outcome: 'issued' }),
  ]);
  const list = async (sent: object) => {
    const performed = await perform(LIST, { desk: own, caller, sent });
    assert.ok(performed.kind === 'done');
    return performed.output;
  };
  const subjects = ({ attempts }: Awaited<ReturnType<typeof list>>) => attempts.map(({ subject }) => subject);
  assert.deepEqual(subjects(await list({})), ['CN=Device-5', 'CN=Device-3', 'CN=Device-2', 'CN=Device-1']);
  const page = await list({ failed: true, limit: 2 });
  assert.deepEqual(subjects(page), ['CN=Device-3', 'CN=Device-2']);
  assert.deepEqual(subjects(await list({ failed: true, limit: 2, before: page.next })), ['CN=Device-1']);
  assert.deepEqual(subjects(await list({ endpoint: '/elsewhere' })), []);
});

test('a trace is JSON as its schema describes it', async () => {
  const own = await desk();
  await own.store.recordAttempts([attemptFor(1, { endpoint: '/scep/office' })]);
  const performed = await perform(TRACE, { desk: own, caller, sent: { query: 'device-1' } });
  assert.ok(performed.kind === 'done');
  const again = TRACE.output.parse(JSON.parse(JSON.stringify(performed.output)));
  assert.deepEqual(again, performed.output);
  assert.deepEqual([again.trace?.verdict.state, again.trace?.steps[0]?.at], ['refused', '2026-03-01T12:00:01.123Z']);
});
