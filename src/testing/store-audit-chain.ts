/** The contract of a Store for the chain over the history. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Store } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, chained, issuanceFor, later, NOON } from './store-samples.ts';

const random = (length: number): Uint8Array => randomBytes(length);

const linksOf = (store: Store) => store.listLinks({ after: 0, limit: 1_000 });

/** Adds so many entries to the history, one after the other. */
async function blocked(store: Store, names: readonly string[]): Promise<void> {
  for (const [n, name] of names.entries())
    await store.addBlock({ name: `user:${name}`, at: NOON, by: 'ops' }, { ...auditFor(n, 'blocked'), detail: name });
}

const numbered = (number: number): string[] => Array.from({ length: number }, (_, n) => `user${n}`);

/** Declares them. */
export function auditChain(check: Check): void {
  linking(check);
  stating(check);
}

function linking(check: Check): void {
  check(
    'each entry gets one link, in the order of the history, and nothing is written without entries',
    async ({ store }) => {
      assert.equal(await store.chainEnd(), undefined);
      assert.equal(await store.chainAudit({ limit: 2, random }), false);
      await blocked(store, ['a', 'b', 'c']);
      assert.deepEqual(await store.unchained(10), { waiting: 3, strays: [], gone: [] });
      assert.equal(await store.chainAudit({ limit: 2, random }), true);
      assert.equal(await store.chainAudit({ limit: 2, random }), false);
      const links = await linksOf(store);
      assert.deepEqual(
        links.map(({ number, entry }) => [number, entry?.detail, entry?.at]),
        [
          [1, 'a', NOON.getTime()],
          [2, 'b', NOON.getTime()],
          [3, 'c', NOON.getTime()],
        ],
      );
      assert.deepEqual(await store.chainEnd(), { number: 3, hash: links[2]!.hash });
      assert.deepEqual(await store.unchained(10), { waiting: 0, strays: [], gone: [] });
      assert.deepEqual(await store.listLinks({ after: 1, limit: 1 }), [links[1]]);
    },
  );

  check('a link has all of its entry, and which certificate it is about', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await chained(store);
    const [link] = await linksOf(store);
    const { id, ...entry } = link!.entry!;
    assert.equal(typeof id, 'number');
    assert.deepEqual(entry, {
      at: NOON.getTime(),
      event: 'issued',
      endpoint: issuanceFor(1).certificate.endpoint,
      transactionId: 'transaction-1',
      serial: issuanceFor(1).certificate.serial,
      certificate: issuanceFor(1).certificate.thumbprintSha256,
      actor: { kind: 'device' },
      source: 'scep',
    });
    assert.match(link!.hash, /^[0-9a-f]{64}$/);
    assert.match(link!.salt ?? '', /^[0-9a-f]{32}$/);
  });

  check(
    'servers that link at the same time, while entries come, make one chain with every entry once',
    async (opened) => {
      const { store, beside } = opened;
      const stores = [store, ...(beside ? [await beside()] : [])];
      const names = numbered(60);
      let isWriting = true;
      const writing = Promise.all(
        stores.map((each, n) =>
          blocked(
            each,
            names.map((name) => `${name}-${n}`),
          ),
        ),
      );
      const linking = stores.map(async (each) => {
        while (isWriting) await each.chainAudit({ limit: 7, random }).catch(() => {});
      });
      await writing.finally(() => (isWriting = false));
      await Promise.all(linking);
      await chained(store);
      const links = await linksOf(store);
      assert.deepEqual(
        links.map(({ number }) => number),
        Array.from({ length: 60 * stores.length }, (_, n) => n + 1),
      );
      assert.equal(new Set(links.map(({ entry }) => entry?.id)).size, 60 * stores.length);
      assert.deepEqual(await store.unchained(10), { waiting: 0, strays: [], gone: [] });
      for (const each of stores.slice(1)) await each.close();
    },
  );

  check('a store that is opened again goes on with its chain', async ({ store, reopen }, context) => {
    if (!reopen) return context.skip('this store keeps nothing');
    await blocked(store, ['a', 'b']);
    await store.chainAudit({ limit: 1, random });
    const [first] = await linksOf(store);
    const again = await reopen();
    await chained(again);
    const links = await linksOf(again);
    assert.deepEqual([links[0], links[1]?.number, links[1]?.entry?.detail], [first, 2, 'b']);
  });
}

function stating(check: Check): void {
  const signature = new Uint8Array([1, 2, 3]);

  check('of the signed heads the newest stays, and an older one does not come back', async ({ store }) => {
    await blocked(store, ['a', 'b']);
    await chained(store);
    const [first, second] = await linksOf(store);
    const at = (seconds: number) => ({ at: later(seconds), signature, key: 'aa' });
    await store.saveHead({ number: 1, hash: first!.hash, ...at(1) });
    await store.saveHead({ number: 2, hash: second!.hash, ...at(2) });
    await store.saveHead({ number: 1, hash: first!.hash, ...at(3) });
    const [genesis, newest, ...more] = await store.listHeads();
    assert.deepEqual([genesis?.kind, genesis?.number, genesis?.first, more], ['genesis', 0, 0, []]);
    assert.match(genesis!.hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(newest, { kind: 'newest', number: 2, first: 1, hash: second!.hash, ...at(2) });
  });

  check(
    'what is removed after its time leaves the place of its last link, and runs that meet become one',
    async ({ store }) => {
      const day = (n: number): Date => later(n * 86_400);
      for (const [n, at] of [day(1), day(1), day(9), day(2), day(2), day(20)].entries())
        await store.addBlock({ name: `user:${n}`, at, by: 'ops' }, { ...auditFor(n, 'blocked'), at });
      await chained(store);
      const links = await linksOf(store);
      const remove = (before: Date) => store.removeOld({ kind: 'audit', before, limit: 100 });
      const removals = async () =>
        (await store.listHeads())
          .filter(({ kind }) => kind === 'removed')
          .map(({ first, number, hash }) => [first, number, hash]);
      assert.equal((await remove(day(5))).removed, 4);
      assert.deepEqual(await removals(), [
        [1, 2, links[1]!.hash],
        [4, 5, links[4]!.hash],
      ]);
      assert.deepEqual(
        (await linksOf(store)).map(({ number }) => number),
        [3, 6],
      );
      assert.equal((await remove(day(10))).removed, 1);
      assert.deepEqual(await removals(), [[1, 5, links[4]!.hash]]);
      assert.equal((await remove(day(30))).removed, 1);
      assert.deepEqual(await removals(), [[1, 6, links[5]!.hash]]);
      assert.deepEqual(await store.listAudit({}), []);
      assert.deepEqual(await store.chainEnd(), { number: 6, hash: links[5]!.hash });
      await blocked(store, ['later']);
      await chained(store);
      assert.deepEqual(
        (await linksOf(store)).map(({ number }) => number),
        [7],
      );
    },
  );

  check('the chain goes on after a removal at its end, also when an earlier link stays', async ({ store }) => {
    await recorded(store, issuanceFor(9));
    await blocked(store, ['a', 'b']);
    await chained(store);
    const links = await linksOf(store);
    // The entry of the certificate stays with it.
    assert.equal((await store.removeOld({ kind: 'audit', before: later(60), limit: 100 })).removed, 2);
    assert.deepEqual(await linksOf(store), links.slice(0, 1));
    assert.deepEqual(await store.chainEnd(), { number: 3, hash: links[2]!.hash });
    await blocked(store, ['later']);
    await chained(store);
    assert.deepEqual(
      (await linksOf(store)).map(({ number }) => number),
      [1, 4],
    );
  });

  check('an entry without a link is not removed', async ({ store }) => {
    await blocked(store, ['a']);
    assert.equal((await store.removeOld({ kind: 'audit', before: later(86_400), limit: 100 })).removed, 0);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('removals are sealed, and one that is not of this seal does not become part of another', async ({ store }) => {
    const remove = (before: Date, ours: boolean) =>
      store.removeOld({
        kind: 'audit',
        before,
        limit: 100,
        seal: { sign: (head) => Promise.resolve({ signature, key: `key of ${head.number}` }), isOwn: () => ours },
      });
    for (const [n, at] of [later(1), later(3), later(5)].entries())
      await store.addBlock({ name: `user:${n}`, at, by: 'ops' }, { ...auditFor(n, 'blocked'), at });
    await chained(store);
    const removals = async () =>
      (await store.listHeads())
        .filter(({ kind }) => kind === 'removed')
        .map(({ first, number, key }) => [first, number, key]);
    await remove(later(2), true);
    assert.deepEqual(await removals(), [[1, 1, 'key of 1']]);
    await remove(later(4), false);
    assert.deepEqual(await removals(), [
      [1, 1, 'key of 1'],
      [2, 2, 'key of 2'],
    ]);
    await remove(later(6), true);
    assert.deepEqual(await removals(), [
      [1, 1, 'key of 1'],
      [2, 3, 'key of 3'],
    ]);
  });
}
