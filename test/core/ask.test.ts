/** Only a complete decision is a decision: no other answer of a policy allows a request. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { ask, within } from '../../src/core/ask.ts';
import type { Decision, Policy } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { allOf } from '../../src/policy/all-of.ts';
import { anyOf } from '../../src/policy/any-of.ts';

const REQUEST: EnrollmentRequest = {
  endpoint: '/scep',
  transactionId: 'T1',
  csr: {
    der: new Uint8Array(),
    subject: new Uint8Array(),
    subjectText: '',
    spki: new Uint8Array(),
    key: { type: 'rsa', bits: 2048 },
    challenge: undefined,
    extensions: [],
  },
  signerSpki: new Uint8Array(),
  requestKey: '',
};
const { signal } = new AbortController();
const answering = (answer: unknown): Policy => ({ name: 'vendor', decide: async () => answer as Decision });

const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  false,
  true,
  'allow',
  {},
  { allow: true },
  { kind: 'allow' },
  { kind: 'allow', notify: 'sometimes' },
  { kind: 'ALLOW', notify: 'none' },
  { kind: 'denied' },
  { kind: 'deny', code: 'because' },
  { kind: 'deny', code: 'toString' },
  { kind: 'pend' },
  { kind: 'constructor' },
  { kind: ['allow'], notify: 'none' },
];
for (const answer of NONSENSE)
  test(`${JSON.stringify(answer) ?? 'nothing'} is no decision, alone and in company`, async () => {
    const yes = answering({ kind: 'allow', notify: 'none' });
    await assert.rejects(ask(answering(answer), REQUEST, signal), /vendor answered neither allow, deny nor pend/);
    await assert.rejects(ask(allOf([yes, answering(answer)]), REQUEST, signal), /neither/);
    await assert.rejects(ask(anyOf([answering(answer)]), REQUEST, signal), /failed to decide/);
  });

const WHOLE: readonly Decision[] = [
  { kind: 'allow', notify: 'strict' },
  { kind: 'deny', code: 'policy_denied', detail: '' },
  { kind: 'pend', reason: 'undecided', detail: '' },
];
for (const answer of WHOLE)
  test(`${answer.kind} is taken as it is`, async () =>
    assert.equal(await ask({ ...answering(answer), notify: async () => ({}) }, REQUEST, signal), answer));

for (const notify of ['strict', 'outbox'] as const)
  test(`a policy without notify() that asks for a notification (${notify}) has not decided, alone and in company`, async () => {
    const policy = answering({ kind: 'allow', notify });
    const words = new RegExp(`vendor asked for a notification \\(${notify}\\) and has no notify`);
    await assert.rejects(ask(policy, REQUEST, signal), words);
    await assert.rejects(ask(allOf([policy]), REQUEST, signal), words);
    await assert.rejects(ask(anyOf([policy]), REQUEST, signal), /failed to decide/);
  });

test('a policy that never answers is left at the deadline', async () => {
  const controller = new AbortController();
  const silent: Policy = { name: 'silent', decide: () => new Promise(() => {}) };
  const asked = ask(silent, REQUEST, controller.signal);
  controller.abort(new Error('the deadline'));
  await assert.rejects(asked, /the deadline/);
  await assert.rejects(
    within(() => new Promise(() => {}), controller.signal),
    /the deadline/,
  );
});

test('a plain answer is as good as a promise', async () => {
  const controller = new AbortController();
  const deny = { kind: 'deny', code: 'policy_denied', detail: '' } as const;
  const plain = { name: 'plain', decide: () => deny } as unknown as Policy;
  assert.equal(await ask(plain, REQUEST, controller.signal), deny);
  assert.equal(await within(() => undefined, controller.signal), undefined);
  const throws = (): never => {
    throw new Error('at once');
  };
  await assert.rejects(within(throws, controller.signal), /at once/);
  await assert.rejects(ask({ name: 'rude', decide: throws }, REQUEST, controller.signal), /at once/);
});

test('a signal that many requests share has one listener, and keeps nothing of those that are done', async () => {
  const controller = new AbortController();
  let ended = 0;
  // Every call that the abort ends reads the reason.
  Object.defineProperty(controller.signal, 'reason', { get: () => new Error(`ended ${++ended}`) });
  const running = within(() => new Promise(() => undefined), controller.signal);
  for (let n = 0; n < 100; n++) {
    await within(() => n, controller.signal);
    await assert.rejects(
      within(() => Promise.reject(new Error('no')), controller.signal),
      /no/,
    );
  }
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
  controller.abort();
  await assert.rejects(running, /ended 1/);
  assert.equal(ended, 1);
});
