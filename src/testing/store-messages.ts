/** The contract of a Store for messages: kept until they are delivered, and shown afterwards. */
import assert from 'node:assert/strict';
import type { NewMessage } from '../core/message-store.ts';
import type { Store } from '../core/store.ts';
import type { Check } from './opened-store.ts';
import { later, NOON } from './store-samples.ts';

const message = (n: number, receiver = 'mail'): NewMessage => ({
  receiver,
  message: { kind: 'waiting', at: NOON.toISOString(), endpoint: '/scep', transactionId: `T${n}` },
});
const test: NewMessage = { receiver: 'webhook:ops', message: { kind: 'test', at: NOON.toISOString(), by: 'ada' } };

/** In the order of the list. */
const due = async (store: Store) =>
  (await store.dueMessages(10)).map(({ receiver, message: { kind } }) => `${receiver}: ${kind}`);
const idOf = async (store: Store, receiver: string): Promise<number> =>
  (await store.listMessages({ receiver, limit: 1 }))[0]?.id ?? assert.fail('no message');

/** Declares them. */
export function messages(check: Check): void {
  delivering(check);
  keeping(check);
}

function delivering(check: Check): void {
  check(
    'a message is due at once, again after a pause, and is shown when it was delivered',
    async ({ store, setClock }) => {
      await store.enqueueMessages([message(1), test]);
      assert.deepEqual(await due(store), ['mail: waiting', 'webhook:ops: test']);
      const id = await idOf(store, 'mail');
      const postponed = { state: 'waiting', dueAt: later(30), error: 'no answer' } as const;
      assert.equal(await store.recordDelivery(id, postponed), true);
      assert.deepEqual(await due(store), ['webhook:ops: test']);
      setClock(later(30));
      assert.deepEqual(await due(store), ['webhook:ops: test', 'mail: waiting']);
      assert.equal(await store.recordDelivery(id, { state: 'delivered' }), true);
      assert.equal(await store.recordDelivery(id, { state: 'delivered' }), false);
      assert.deepEqual(await store.listMessages({ receiver: 'mail', limit: 9 }), [
        {
          id,
          ...message(1),
          state: 'delivered',
          createdAt: NOON,
          attempts: 2,
          dueAt: later(30),
          doneAt: later(30),
        },
      ]);
    },
  );

  check(
    'a message that was given up, or waits, is due when it is retried, and a delivered one is not',
    async ({ store, setClock }) => {
      await store.enqueueMessages([message(1, 'a'), message(2, 'b'), message(3, 'c')]);
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((each) => idOf(store, each)));
      await store.recordDelivery(a!, { state: 'given-up', error: 'no answer' });
      await store.recordDelivery(b!, { state: 'waiting', dueAt: later(3_600), error: 'no answer' });
      await store.recordDelivery(c!, { state: 'delivered' });
      assert.deepEqual(await due(store), []);
      setClock(later(1));
      assert.equal(await store.retryMessages([]), 0);
      assert.equal(await store.retryMessages([a!]), 1);
      assert.deepEqual(await due(store), ['a: waiting']);
      assert.equal(await store.retryMessages('all'), 2);
      assert.deepEqual(await due(store), ['a: waiting', 'b: waiting']);
      const [again] = await store.listMessages({ receiver: 'a', limit: 1 });
      assert.deepEqual(
        [again?.state, again?.attempts, again?.lastError, again?.doneAt],
        ['waiting', 1, 'no answer', undefined],
      );
    },
  );
}

function keeping(check: Check): void {
  check(
    'messages are listed newest first, by receiver, state and kind, and the place is written with them',
    async ({ store }) => {
      assert.equal(await store.messagePlace('history'), undefined);
      await store.enqueueMessages([message(1), test, message(2)], { source: 'history', value: '7' });
      await store.enqueueMessages([], { source: 'history', value: '9' });
      assert.equal(await store.messagePlace('history'), '9');
      const listed = async (filter: Omit<Parameters<Store['listMessages']>[0], 'limit'>) =>
        (await store.listMessages({ ...filter, limit: 9 })).map(({ message: each }) =>
          each.kind === 'waiting' ? each.transactionId : each.kind,
        );
      assert.deepEqual(await listed({}), ['T2', 'test', 'T1']);
      assert.deepEqual(await listed({ receiver: 'mail' }), ['T2', 'T1']);
      assert.deepEqual(await listed({ kind: 'test' }), ['test']);
      assert.deepEqual(await listed({ state: 'delivered' }), []);
      assert.deepEqual(await listed({ before: await idOf(store, 'mail') }), ['test', 'T1']);
      assert.deepEqual(await store.messageStandings(), [
        { receiver: 'mail', waiting: 2, oldest: NOON },
        { receiver: 'webhook:ops', waiting: 1, oldest: NOON },
      ]);
    },
  );

  check('what was done is removed after its time, and what waits for nobody at once', async ({ store, setClock }) => {
    await store.enqueueMessages([message(1), test, message(2, 'gone')]);
    await store.recordDelivery(await idOf(store, 'mail'), { state: 'delivered' });
    assert.equal(await store.removeMessages(NOON, ['mail', 'webhook:ops']), 1);
    setClock(later(60));
    assert.equal(await store.removeMessages(later(1), ['mail', 'webhook:ops']), 1);
    assert.deepEqual(await due(store), ['webhook:ops: test']);
  });

  check('messages outlive a restart', async (opened, context) => {
    if (!opened.reopen) return context.skip('this store keeps nothing');
    await opened.store.enqueueMessages([message(1)], { source: 'history', value: '7' });
    opened.store = await opened.reopen();
    assert.deepEqual(await due(opened.store), ['mail: waiting']);
    assert.equal(await opened.store.messagePlace('history'), '7');
  });
}
