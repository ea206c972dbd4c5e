/** What is said, how often and to whom: expiring certificates, scopes, pauses, and the words of mails. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Message } from '../../src/core/operator-message.ts';
import type { Store } from '../../src/core/store.ts';
import { deliverDue } from '../../src/messages/due-messages.ts';
import { readExpiring } from '../../src/messages/expiring-source.ts';
import { readHistory } from '../../src/messages/history-source.ts';
import { mailText } from '../../src/messages/mail-text.ts';
import { addressed, type Receiver } from '../../src/messages/receiver.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { fakeClock } from '../../src/testing/fakes.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { certificateId, chained, ENDPOINT, issuanceFor, NOON } from '../../src/testing/store-samples.ts';

const DAY = 86_400_000;
const signal = new AbortController().signal;
const KINDS = ['issued', 'refused', 'waiting', 'expiring', 'condition-opened', 'condition-closed', 'test'] as const;

const receiver = (more: Partial<Receiver> = {}): Receiver => ({
  name: 'mail',
  kinds: KINDS,
  send: () => Promise.resolve(),
  ...more,
});

async function opened(t: TestContext) {
  const clock = fakeClock(NOON);
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  return { clock, store };
}

/** The nth certificate, with an end. */
const ending = (n: number, days: number, more: object = {}) => {
  const issuance = issuanceFor(n);
  const notAfter = new Date(NOON.getTime() + days * DAY);
  return { ...issuance, certificate: { ...issuance.certificate, notAfter, ...more } };
};

const told = async (store: Store): Promise<string[]> =>
  (await store.listMessages({ limit: 99 })).map(({ message }) =>
    message.kind === 'expiring'
      ? `${message.days} days: ${message.certificates.map(({ subject }) => subject).join(' ')}`
      : message.kind,
  );

test('a certificate is named once for each threshold, and no more when it was renewed', async (t) => {
  const { clock, store } = await opened(t);
  await recorded(store, ending(1, 29));
  await recorded(store, ending(2, 35));
  await recorded(store, ending(3, 300, { renews: certificateId(4) }));
  await recorded(store, ending(4, 20));
  const subject = (n: number): string => issuanceFor(n).certificate.subject;
  const parts = { store, receivers: [receiver()], thresholds: [30 * DAY, 7 * DAY], clock };
  await readExpiring(parts, signal);
  await readExpiring(parts, signal);
  assert.deepEqual(await told(store), [`30 days: ${subject(1)}`]);
  clock.forward(6 * DAY);
  await readExpiring(parts, signal);
  assert.deepEqual(await told(store), [`30 days: ${subject(2)}`, `30 days: ${subject(1)}`]);
  // The device of the first one enrols anew: another certificate of the same subject.
  await recorded(store, ending(5, 400, { subject: subject(1) }));
  clock.forward(24 * DAY);
  await readExpiring(parts, signal);
  assert.deepEqual((await told(store)).slice(0, -2), [`7 days: ${subject(2)}`]);
});

test('the history is told from the moment on at which somebody is told', async (t) => {
  const { store } = await opened(t);
  const parts = { store, receivers: [receiver()] };
  await recorded(store, issuanceFor(1));
  await chained(store);
  await readHistory(parts, signal);
  assert.deepEqual(await told(store), []);
  await recorded(store, issuanceFor(2));
  await chained(store);
  await readHistory(parts, signal);
  await readHistory(parts, signal);
  assert.deepEqual(await told(store), ['issued']);
});

test('a receiver gets the kinds that it wants, of its endpoints alone', () => {
  const waiting: Message = { kind: 'waiting', at: '', endpoint: ENDPOINT, transactionId: 'T' };
  const tested: Message = { kind: 'test', at: '', by: 'ada' };
  const names = (...receivers: Receiver[]): string[] =>
    addressed(receivers, [waiting, tested]).map((each) => `${each.receiver} ${each.message.kind}`);
  assert.deepEqual(names(receiver(), receiver({ name: 'b', kinds: ['waiting'] })), [
    'mail waiting',
    'b waiting',
    'mail test',
  ]);
  assert.deepEqual(names(receiver({ endpoints: [ENDPOINT] }), receiver({ name: 'b', endpoints: ['/b'] })), [
    'mail waiting',
  ]);
});

test('what is not accepted is tried again after 30 seconds, then after twice as long, and given up after three days', async (t) => {
  const { clock, store } = await opened(t);
  const failing = receiver({ send: () => Promise.reject(new Error('no answer')) });
  const waiting: Message = { kind: 'waiting', at: '', endpoint: ENDPOINT, transactionId: 'T' };
  await store.enqueueMessages(addressed([failing], [waiting, waiting]));
  const parts = { store, receivers: [failing], clock, deadline: () => signal };
  const pauses: number[] = [];
  for (;;) {
    await deliverDue(parts, signal);
    const [, first] = await store.listMessages({ limit: 9 });
    if (first?.state !== 'waiting') break;
    pauses.push((first.dueAt.getTime() - clock().getTime()) / 1_000);
    clock.forward(first.dueAt.getTime() - clock().getTime());
  }
  assert.deepEqual(pauses.slice(0, 9), [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
  const all = await store.listMessages({ limit: 9 });
  assert.deepEqual(
    all.map(({ state, lastError }) => [state, lastError]),
    [
      ['given-up', 'not tried: the message before it was not accepted'],
      ['given-up', 'no answer'],
    ],
  );
  assert.ok(clock().getTime() - NOON.getTime() > 3 * DAY);
});

test('a mail says in plain words what happened and what to do, and no name in it begins a new line', () => {
  const mail = mailText({
    kind: 'refused',
    at: '2026-03-01T13:00:00.000Z',
    since: '2026-03-01T12:00:00.000Z',
    until: '2026-03-01T13:00:00.000Z',
    number: 12,
    causes: [{ endpoint: '/scep', code: 'challenge_wrong', number: 12, remedy: 'Look at the challenge.' }],
  });
  assert.deepEqual(mail, {
    subject: 'openndes: 12 requests were refused',
    text: `From 2026-03-01T12:00:00.000Z to 2026-03-01T13:00:00.000Z these requests got no certificate:

  12 × challenge_wrong at /scep
    Look at the challenge.

The meaning of each code is in docs/errors.md.
`,
  });
  const at = '2026-03-01T12:00:00.000Z';
  const hostile = mailText({ kind: 'test', at, by: 'ada\r\nBcc: eve@example.com' });
  assert.equal(hostile.text, `ada  Bcc: eve@example.com asked for this mail at ${at}. Mails of openndes arrive.\n`);
});
