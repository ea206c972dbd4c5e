/** allOf and anyOf: their truth tables for every list of members, and which members are notified. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Allow, Decision, Policy } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { ConfigError } from '../../src/core/errors.ts';
import type { Notification } from '../../src/core/notification.ts';
import { allOf } from '../../src/policy/all-of.ts';
import { anyOf } from '../../src/policy/any-of.ts';

const never = new AbortController().signal;
const REQUEST: EnrollmentRequest = {
  endpoint: '/scep',
  transactionId: 'T1',
  csr: {
    der: Uint8Array.of(1),
    subject: Uint8Array.of(0x30, 0),
    subjectText: '',
    spki: Uint8Array.of(),
    key: { type: 'rsa', bits: 2048 },
    challenge: 'secret',
    extensions: [],
  },
  signerSpki: Uint8Array.of(),
  requestKey: '',
};
const NOTICE: Notification = {
  kind: 'failure',
  endpoint: '/scep',
  transactionId: 'T1',
  csr: Uint8Array.of(1),
  hresult: -1,
  description: 'x',
};

type Outcome = Decision['kind'] | 'throw';
const OUTCOMES: Readonly<Record<Outcome, () => Decision>> = {
  allow: () => ({ kind: 'allow', notify: 'none' }),
  deny: () => ({ kind: 'deny', code: 'policy_denied', detail: 'no' }),
  pend: () => ({ kind: 'pend', reason: 'undecided', detail: 'later' }),
  throw: () => {
    throw new Error('could not find out');
  },
};

const answering = (kind: Outcome, asked: Outcome[] = []): Policy => ({
  name: kind,
  async decide() {
    asked.push(kind);
    return OUTCOMES[kind]();
  },
});
const allows = (name: string, allow: Partial<Allow> = {}): Policy => ({
  name,
  decide: async () => ({ kind: 'allow', notify: 'none', ...allow }),
});
/** A policy with `notify`, which adds its name to `notified`. */
const notifiable = (name: string, allow: Partial<Allow> = {}, notified: string[] = []): Policy => ({
  ...allows(name, { notify: 'outbox', ...allow }),
  notify: async () => {
    notified.push(name);
    return { [name]: 'notified' };
  },
});

const outcome = async (policy: Policy): Promise<Outcome> => {
  try {
    return (await policy.decide(REQUEST, never)).kind;
  } catch (error) {
    assert.match((error as Error).message, /could not find out|failed to decide/);
    return 'throw';
  }
};

const outcomes = fc.array(fc.constantFrom<Outcome>('allow', 'deny', 'pend', 'throw'), { minLength: 1, maxLength: 6 });

test('allOf allows exactly when every member allows; a deny counts more than a pend', () =>
  fc.assert(
    fc.asyncProperty(outcomes, async (list) => {
      const asked: Outcome[] = [];
      const stop = list.findIndex((kind) => kind === 'deny' || kind === 'throw');
      const expected = stop >= 0 ? list[stop] : list.includes('pend') ? 'pend' : 'allow';
      assert.equal(await outcome(allOf(list.map((kind) => answering(kind, asked)))), expected);
      assert.deepEqual(asked, stop >= 0 ? list.slice(0, stop + 1) : list);
    }),
  ));

test('anyOf allows exactly when a member allows; then an error counts more than a pend, and a pend than a deny', () =>
  fc.assert(
    fc.asyncProperty(outcomes, async (list) => {
      const asked: Outcome[] = [];
      const yes = list.indexOf('allow');
      const expected = (['allow', 'throw', 'pend', 'deny'] as const).find((kind) => list.includes(kind));
      assert.equal(await outcome(anyOf(list.map((kind) => answering(kind, asked)))), expected);
      assert.deepEqual(asked, yes >= 0 ? list.slice(0, yes + 1) : list);
    }),
  ));

test('nested composites never allow what no member allows', () =>
  fc.assert(
    fc.asyncProperty(fc.array(outcomes, { minLength: 1, maxLength: 3 }), async (lists) => {
      const all = lists.map((list) => anyOf(list.map((kind) => answering(kind))));
      const kind = await outcome(allOf(all));
      assert.equal(
        kind === 'allow',
        lists.every((list) => list.includes('allow')),
      );
    }),
  ));

for (const [name, make] of Object.entries({ allOf, anyOf }))
  test(`${name} of nothing is refused: it would check nothing`, () => {
    assert.throws(
      () => make([]),
      (error) => error instanceof ConfigError && error.message.startsWith(name),
    );
  });

test('allOf merges facts, vouches if one vouches, consumes the one-time challenge, and asks for the strictest mode', async () => {
  const policy = allOf([
    notifiable('a', { facts: { a: '1', both: 'a' }, consumes: 'password' }),
    notifiable('b', {
      notify: 'strict',
      vouchesForNames: true,
      vouchesForPurposes: true,
      facts: { b: '2', both: 'b' },
    }),
    allows('c'),
  ]);
  assert.deepEqual(await policy.decide(REQUEST, never), {
    kind: 'allow',
    notify: 'strict',
    consumes: 'password',
    vouchesForNames: true,
    vouchesForPurposes: true,
    facts: { a: '1', b: '2', both: 'b' },
  });
  assert.equal(policy.name, 'allOf(a, b, c)');
});

test('allOf vouches for nothing and consumes nothing when no member does', async () => {
  assert.deepEqual(await allOf([allows('a'), allows('b')]).decide(REQUEST, never), {
    kind: 'allow',
    notify: 'none',
    facts: {},
  });
});

test('allOf notifies every member with notify, in order, and fails when one does not accept', async () => {
  const notified: string[] = [];
  const policy = allOf([notifiable('a', {}, notified), allows('without notify'), notifiable('b', {}, notified)]);
  assert.deepEqual(await policy.notify?.(NOTICE, never), { a: 'notified', b: 'notified' });
  assert.deepEqual(notified, ['a', 'b']);
  const refuses: Policy = { ...allows('c'), notify: async () => Promise.reject(new Error('not accepted')) };
  await assert.rejects(async () => allOf([notifiable('a'), refuses]).notify?.(NOTICE, never), /not accepted/);
});

test('allOf consumes one challenge; two different ones cannot be in one request', async () => {
  const two = (a: string, b: string) => allOf([allows('a', { consumes: a }), allows('b', { consumes: b })]);
  const same = await two('x', 'x').decide(REQUEST, never);
  assert.equal(same.kind === 'allow' && same.consumes, 'x');
  await assert.rejects(async () => two('x', 'y').decide(REQUEST, never), ConfigError);
});

test('allOf that waits for an administrator consumes the challenge, because no member is asked again; other pends do not', async () => {
  for (const [reason, consumes] of [
    ['approval', 'x'],
    ['undecided', undefined],
    ['unreachable', undefined],
  ] as const) {
    const waits: Policy = { name: 'waits', decide: async () => ({ kind: 'pend', reason, detail: '' }) };
    const decision = await allOf([allows('a', { consumes: 'x' }), waits]).decide(REQUEST, never);
    assert.equal(decision.kind === 'pend' && decision.consumes, consumes, reason);
  }
});

test('anyOf returns the decision of the member that allowed, with its name', async () => {
  const policy = anyOf([
    answering('deny'),
    allows('b', { consumes: 'x', vouchesForNames: true, facts: { b: '1' } }),
    allows('c'),
  ]);
  assert.deepEqual(await policy.decide(REQUEST, never), {
    kind: 'allow',
    notify: 'none',
    consumes: 'x',
    vouchesForNames: true,
    facts: { policy: 'b', b: '1' },
  });
});

test('anyOf notifies the one member with notify, and only of what it allowed', async () => {
  const notified: string[] = [];
  const policy = anyOf([
    allows('without notify', { notify: 'strict' }),
    notifiable('b', { notify: 'strict' }, notified),
  ]);
  // A notification that cannot be sent must not count as sent, so the first member has not decided.
  const decision = await policy.decide(REQUEST, never);
  assert.deepEqual(decision.kind === 'allow' && [decision.notify, decision.facts?.['policy']], ['strict', 'b']);
  const silent = anyOf([allows('a'), notifiable('b', { notify: 'strict' }, notified)]);
  const plain = await silent.decide(REQUEST, never);
  assert.equal(plain.kind === 'allow' && plain.notify, 'none');
  const other = anyOf([answering('deny'), notifiable('b', { notify: 'strict' }, notified)]);
  const strict = await other.decide(REQUEST, never);
  assert.equal(strict.kind === 'allow' && strict.notify, 'strict');
  assert.deepEqual(await other.notify?.(NOTICE, never), { b: 'notified' });
  assert.deepEqual(notified, ['b']);
});

test('anyOf with two notifiable members is refused: a stored notification does not record which of them allowed', () => {
  assert.throws(() => anyOf([notifiable('a'), allOf([notifiable('b')])]), ConfigError);
});

test('anyOf denies with the code that all gave, else policy_denied, and with the details of all', async () => {
  const denies = (name: string, code: 'challenge_wrong' | 'challenge_used'): Policy => ({
    name,
    decide: async () => ({ kind: 'deny', code, detail: `${name} denies` }),
  });
  const same = await anyOf([denies('a', 'challenge_wrong'), denies('b', 'challenge_wrong')]).decide(REQUEST, never);
  assert.ok(same.kind === 'deny' && same.code === 'challenge_wrong' && same.detail === 'a: a denies; b: b denies');
  const mixed = await anyOf([denies('a', 'challenge_wrong'), denies('b', 'challenge_used')]).decide(REQUEST, never);
  assert.ok(mixed.kind === 'deny' && mixed.code === 'policy_denied');
});

test('a composite decides renewals when a member does', () => {
  const renews: Policy = { ...allows('intune'), decidesRenewals: true };
  for (const make of [allOf, anyOf]) {
    assert.equal(make([allows('a'), renews]).decidesRenewals, true);
    assert.equal(make([allows('a')]).decidesRenewals, false);
  }
});

test('challenges are strong under allOf when one member says so, under anyOf only when all do', () => {
  const strong: Policy = { ...allows('oneTime'), strongChallenges: true };
  const weak = allows('static');
  assert.deepEqual(
    [allOf([weak, strong]), allOf([weak]), anyOf([strong, strong]), anyOf([strong, weak])].map(
      ({ strongChallenges }) => strongChallenges,
    ),
    [true, false, true, false],
  );
});
