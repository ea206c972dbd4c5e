/** The contract of a Store for conditions: one list of all servers, in which each keeps its first moment. */
import assert from 'node:assert/strict';
import { seenCondition } from '../core/condition.ts';
import type { Store } from '../core/store.ts';
import type { Check } from './opened-store.ts';
import { auditFor, later, NOON, pendingFor } from './store-samples.ts';

const ENDS = seenCondition('certificate-ends', { of: 'the RA', what: 'the RA ends in 3 days' });
const FULL = seenCondition('store-unavailable', { what: 'no space is left' });
const TENANT = seenCondition('tenant-unusable', {
  of: 'corp',
  what: 'no answer',
  remedy: 'Wait.',
  subject: { kind: 'tenant', name: 'corp' },
});
const LOOK = { server: 'one', alone: false, closes: true };

const ids = (conditions: readonly { id: string }[]): string[] => conditions.map(({ id }) => id);
const open = async (store: Store): Promise<string[]> =>
  (await store.listConditions()).open.map(({ id, since }) => `${id} ${since.toISOString().slice(11, 16)}`);

/** Declares them. */
export function conditions(check: Check): void {
  opening(check);
  lasting(check);
  sharing(check);
  check('servers that look are counted, and one that looks no more is not', async ({ store, setClock }) => {
    assert.equal(await store.countServers(), 0);
    await store.recordConditions({ ...LOOK, seen: [] });
    await store.recordConditions({ ...LOOK, server: 'two', seen: [] });
    assert.equal(await store.countServers(), 2);
    assert.deepEqual((await store.storeStanding()).servers, [
      { id: LOOK.server, seen: NOON },
      { id: 'two', seen: NOON },
    ]);
    setClock(later(181));
    await store.recordConditions({ ...LOOK, seen: [] });
    assert.equal(await store.countServers(), 1);
    const { kind, schema, servers } = await store.storeStanding();
    assert.deepEqual(servers, [{ id: LOOK.server, seen: later(181) }]);
    assert.ok(kind !== '' && schema > 0);
  });
  check('requests that wait for approval are counted, and the oldest is named', async ({ store }) => {
    assert.deepEqual(await store.approvalStanding(), { waiting: 0 });
    await store.recordPending(pendingFor(1));
    await store.recordPending(pendingFor(2, { reason: 'unreachable' }));
    assert.deepEqual(await store.approvalStanding(), { waiting: 1, oldest: NOON });
    await store.decidePending(pendingFor(1).transaction.key, 'rejected', auditFor(1, 'rejected'));
    assert.deepEqual(await store.approvalStanding(), { waiting: 0 });
  });
}

function opening(check: Check): void {
  check(
    'a condition opens once, keeps its first moment, and closes when it is seen no more',
    async ({ store, setClock }) => {
      assert.deepEqual(await store.listConditions(), { open: [] });
      const first = await store.recordConditions({ ...LOOK, seen: [ENDS, TENANT] });
      assert.deepEqual([ids(first.opened), first.closed], [[TENANT.id, ENDS.id], []]);
      setClock(later(60));
      const changed = { ...ENDS, what: 'the RA ends in 2 days' };
      assert.deepEqual(await store.recordConditions({ ...LOOK, seen: [changed, FULL, TENANT] }), {
        opened: [{ ...FULL, page: 'conditions.md#store-unavailable', since: later(60) }],
        closed: [],
      });
      assert.deepEqual(await store.listConditions(), {
        open: [
          { ...TENANT, page: 'conditions.md#tenant-unusable', since: NOON },
          { ...FULL, page: 'conditions.md#store-unavailable', since: later(60) },
          { ...changed, page: 'conditions.md#certificate-ends', since: NOON },
        ],
        checkedAt: later(60),
      });
      setClock(later(120));
      const last = await store.recordConditions({ ...LOOK, seen: [] });
      assert.deepEqual([ids(last.opened), ids(last.closed)], [[], [TENANT.id, FULL.id, ENDS.id]]);
      assert.deepEqual(await store.listConditions(), { open: [], checkedAt: later(120) });
    },
  );
}

function lasting(check: Check): void {
  check(
    'a condition outlives a restart with its moment, and nothing closes until the server has looked at everything',
    async (opened, context) => {
      if (!opened.reopen) return context.skip('this store keeps nothing');
      await opened.store.recordConditions({ ...LOOK, seen: [ENDS, TENANT] });
      opened.store = await opened.reopen();
      opened.setClock(later(3_600));
      const next = { server: 'after the restart', alone: true };
      const first = await opened.store.recordConditions({ ...next, seen: [ENDS], closes: false });
      assert.deepEqual(first, { opened: [], closed: [] });
      assert.deepEqual(await open(opened.store), [`${TENANT.id} 12:00`, `${ENDS.id} 12:00`]);
      const second = await opened.store.recordConditions({ ...next, seen: [ENDS], closes: true });
      assert.deepEqual([ids(second.opened), ids(second.closed)], [[], [TENANT.id]]);
      assert.deepEqual(await open(opened.store), [`${ENDS.id} 12:00`]);
    },
  );
}

function sharing(check: Check): void {
  check('what two servers see is one condition, open until neither of them sees it', async ({ store, setClock }) => {
    const other = { ...LOOK, server: 'two' };
    await store.recordConditions({ ...LOOK, seen: [ENDS] });
    setClock(later(60));
    assert.deepEqual(await store.recordConditions({ ...other, seen: [ENDS] }), { opened: [], closed: [] });
    assert.deepEqual(await open(store), [`${ENDS.id} 12:00`]);
    assert.deepEqual(await store.recordConditions({ ...LOOK, seen: [] }), { opened: [], closed: [] });
    assert.deepEqual(await open(store), [`${ENDS.id} 12:00`]);
    assert.deepEqual(ids((await store.recordConditions({ ...other, seen: [] })).closed), [ENDS.id]);
  });

  check('what a server saw counts for three minutes after its last look', async ({ store, setClock }) => {
    await store.recordConditions({ ...LOOK, seen: [ENDS] });
    const other = { ...LOOK, server: 'two', seen: [] };
    setClock(later(179));
    assert.deepEqual(await store.recordConditions(other), { opened: [], closed: [] });
    setClock(later(181));
    assert.deepEqual(ids((await store.recordConditions(other)).closed), [ENDS.id]);
    assert.deepEqual(await open(store), []);
  });

  check('of two servers that see the same at the same moment one opens it', async (opened) => {
    const stores = [opened.store, ...(opened.beside ? [await opened.beside()] : [])];
    const looks = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        stores[n % stores.length]!.recordConditions({ ...LOOK, server: `server ${n}`, seen: [ENDS] }),
      ),
    );
    assert.deepEqual(
      looks.flatMap((each) => ids(each.opened)),
      [ENDS.id],
    );
    for (const store of stores.slice(1)) await store.close();
  });
}
