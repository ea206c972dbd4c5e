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

test('who is limited to an endpoint finds its requests behind any number of others of the same address', async () => {
  const own = await desk();
  const endpoint = '/scep/office';
  const address = '192.0.2.200';
  await own.store.recordAttempts([
    attemptFor(1, { endpoint, address }),
    ...Array.from({ length: 600 }, (_, n) => attemptFor(n + 2, { endpoint: '/elsewhere', address })),
  ]);
  const view = (name: string) => ({ view: { name } as never, places: [{ endpoint: name }] });
  const endpoints = { list: () => [view(endpoint), view('/elsewhere')] } as never;
  const on = { ...own, endpoints };
  const traced = await perform(TRACE, { desk: on, caller, sent: { query: address } });
  assert.ok(traced.kind === 'done');
  assert.deepEqual(
    traced.output.trace?.steps.map(({ subject }) => subject),
    ['CN=Device-1'],
  );
  const listed = await perform(LIST, { desk: on, caller, sent: { limit: 1 } });
  assert.ok(listed.kind === 'done');
  assert.deepEqual(
    listed.output.attempts.map(({ subject }) => subject),
    ['CN=Device-1'],
  );
});
