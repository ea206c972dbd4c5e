/** What a client without credentials can make the store keep, and how it is erased: bounded, and never for long at once. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import type { PendingReason } from '../../src/core/records.ts';
import type { Store } from '../../src/core/store.ts';
import { createServer } from '../../src/embed/embed.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { listed, pendingFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { authority, endpointUnderTest, events, PATH, read, type Under } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { client, HOUR, issuing, NOW, ra, random, root } from '../kit/pki.ts';
import { policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';

const REQUEST = await requestMessage();

/** A request with so many octets of names. */
async function longRequest(octets: number): Promise<Uint8Array> {
  const names = Array.from({ length: octets / 100 }, (_, n) => `dns:${String(n).padStart(60, 'a')}.${'b'.repeat(36)}`);
  const extensions = [subjectAltName(names.map(generalNameFromText))];
  return requestMessage({ content: await writeCertificationRequest({ ...REQUEST_PLAN, extensions }, client.key) });
}

const waits = (reason: 'unreachable' | 'undecided' | 'approval', path = PATH): Promise<Under> =>
  endpointUnderTest(
    policyThat(() => ({ kind: 'pend', reason, detail: 'HTTP 500' })),
    { path },
  );

const statusOf = async (under: Under, message: Uint8Array): Promise<string> => {
  try {
    return (await read(await under.service.pkiOperation(message))).status;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** So many requests that wait at the endpoint, as the store has them. */
async function fill(store: Store, { reason, at, number }: { reason: PendingReason; at: Date; number: number }) {
  const all = Array.from({ length: number }, (_, n) => {
    const { transaction, ...rest } = pendingFor(n, { reason, at });
    return { ...rest, transaction: { ...transaction, endpoint: PATH } };
  });
  await Promise.all(all.map((each) => store.recordPending(each)));
}

for (const reason of ['unreachable', 'undecided', 'approval'] as const)
  test(`2,000 requests wait as ${reason} at an endpoint; the next gets 503, and those that wait are answered`, async () => {
    const under = await waits(reason);
    assert.equal(await statusOf(under, REQUEST), 'pending');
    await fill(under.store, { reason, at: NOW, number: 1_999 });
    assert.equal(await statusOf(under, await requestMessage({ content: await another() })), 'waiting_full');
    assert.equal(await statusOf(under, REQUEST), 'pending');
    assert.equal((await under.store.listPending()).length, 2_000);
  });

const another = (): Promise<Uint8Array> =>
  writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'another' }, client.key);

test('a request of more than 16 KB does not wait for a policy: 503, and nothing is stored', async () => {
  const long = await longRequest(17_000);
  for (const reason of ['unreachable', 'undecided'] as const) {
    const under = await waits(reason);
    assert.equal(await statusOf(under, long), 'waiting_full');
    assert.deepEqual([(await under.store.listPending()).length, await events(under)], [0, []]);
  }
  assert.equal(await statusOf(await waits('approval'), long), 'pending');
});

test('a policy that cannot be reached: no request that waits for it is in the history', async () => {
  const under = await waits('unreachable');
  assert.equal(await statusOf(under, REQUEST), 'pending');
  assert.deepEqual(await events(under), []);
});

/** A server on a file in which requests of 120 KB wait, begun two hours ago. */
async function overdue(t: TestContext, number: number) {
  const path = temporaryFile();
  const clock = handClock();
  const store = await openSqliteStore({ path, clock });
  t.after(() => store.close());
  const at = new Date(NOW.getTime() - 2 * HOUR);
  for (let n = 0; n < number; n++) {
    const { transaction, ...rest } = pendingFor(n, { reason: 'unreachable', at });
    const csr = Buffer.alloc(120_000, n);
    await store.recordPending({ ...rest, transaction: { ...transaction, csr } });
  }
  return { path, clock, store };
}

test('clean-up erases 10 requests at a time, and other work runs in between', async (t) => {
  const { path, clock, store } = await overdue(t, 75);
  const erased: number[] = [];
  let turns = 0;
  const turn = (): void => void (erased.length < 9 && (turns++, setImmediate(turn)));
  const watched: Store = {
    ...store,
    async forgetRequests(before, limit) {
      const done = await store.forgetRequests(before, limit);
      erased.push(done);
      return done;
    },
  };
  const endpoints = [
    {
      path: PATH,
      policy: policyThat(() => assert.fail('nothing is asked')),
      issuer: authority(clock),
      ra,
      chain: [issuing.certificate, root.certificate],
    },
  ];
  setImmediate(turn);
  const server = await createServer({ endpoints, store: watched, logger: keptLog(), clock, random });
  for (const last = Date.now() + 20_000; erased.length < 9; await new Promise((done) => setTimeout(done, 10)))
    assert.ok(Date.now() < last, 'not erased in time');
  await server.close();
  assert.deepEqual(erased, [10, 10, 10, 10, 10, 10, 10, 5, 0]);
  assert.ok(turns >= 8, `${turns} turns of the event loop`);
  const [first] = await store.listPending();
  assert.deepEqual(await store.findTransaction(first!.key), listed(first!));
  assert.ok(statSync(`${path}-wal`).size <= 17 * 1024 * 1024, 'the write-ahead log is cut');
});
