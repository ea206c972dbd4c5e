/** Guesses: each is refused, many within a minute are a warning and slow, and no device with a right challenge waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../src/core/events.ts';
import { gated } from '../../src/enroll/gate.ts';
import { wrongChallenges } from '../../src/enroll/wrong-challenges.ts';
import type { IntuneClient } from '../../src/intune/client.ts';
import { anyOf } from '../../src/policy/any-of.ts';
import { intunePolicy } from '../../src/policy/intune.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { handClock } from '../kit/clock.ts';
import { endpointUnderTest, issuedIn, PATH, refusalIn } from '../kit/endpoint-under-test.ts';
import { gatesFor } from '../kit/gates.ts';
import { client } from '../kit/pki.ts';
import { CHALLENGE, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const refusal = async () => ({ code: 'ChallengeDecryptionError', description: '', clientRequestId: 'id' });
/** A tenant that refuses everything. */
const REFUSING: IntuneClient = {
  validateRequest: refusal,
  successNotification: refusal,
  failureNotification: refusal,
  secretEnd: () => Promise.resolve(undefined),
  check: async () => undefined,
  health: () => ({ ok: true, detail: '' }),
  close: async () => undefined,
};

function counting() {
  const clock = handClock();
  const events: ServerEvent[] = [];
  return {
    clock,
    events,
    wrong: wrongChallenges({ endpoint: '/scep', clock, emit: (event) => void events.push(event) }),
  };
}

test('S03 a thousand guesses are answered slowly after the twentieth, with one warning a minute', () => {
  const { clock, events, wrong } = counting();
  const delays = Array.from({ length: 1_000 }, wrong);
  assert.deepEqual([...new Set(delays.slice(0, 20)), ...new Set(delays.slice(20))], [0, 2_000]);
  assert.deepEqual(events, [{ event: 'challenges-guessed', endpoint: '/scep', wrong: 20 }]);
  clock.forward(60_000);
  assert.deepEqual([...new Set(Array.from({ length: 20 }, wrong))], [0]);
  assert.equal(events.length, 2);
});

test('S03 fewer than twenty wrong challenges in a minute give no warning', () => {
  const { clock, events, wrong } = counting();
  for (let minute = 0; minute < 10; minute++) {
    for (let guess = 0; guess < 19; guess++) wrong();
    clock.forward(60_000);
  }
  assert.deepEqual(events, []);
});

test('S03 a refusal by Intune counts as a wrong challenge, and a request without a challenge does not', async () => {
  const policy = intunePolicy({ client: REFUSING, notify: 'strict', onUnreachable: 'pending' });
  const under = await endpointUnderTest(policy);
  let counted = 0;
  const service = gated(under.service, { ...gatesFor([PATH])(PATH, 1), slowed: async () => void counted++ });
  const { challenge: _left, ...plan } = REQUEST_PLAN;
  for (const [challenge, code, count] of [
    [undefined, 'challenge_missing', 0],
    ['a guess', 'intune_denied', 1],
    ['a-guess-as-long-as-those-of-Intune'.repeat(4), 'intune_denied', 2],
  ] as const) {
    const content = await writeCertificationRequest({ ...plan, ...(challenge && { challenge }) }, client.key);
    const answer = await service.pkiOperation(await requestMessage({ content }));
    assert.deepEqual([await refusalIn(answer), counted], [code, count]);
  }
});

test('S03 a guess counts too where several policies refuse it with different codes', async () => {
  const members = [
    staticPolicy({ challenge: CHALLENGE }),
    intunePolicy({ client: REFUSING, notify: 'strict', onUnreachable: 'pending' }),
  ];
  const under = await endpointUnderTest(anyOf(members));
  let counted = 0;
  const service = gated(under.service, { ...gatesFor([PATH])(PATH, 1), slowed: async () => void counted++ });
  const { challenge: _left, ...plan } = REQUEST_PLAN;
  for (const [challenge, code, count] of [
    [undefined, 'challenge_missing', 0],
    ['a guess', 'policy_denied', 1],
  ] as const) {
    const content = await writeCertificationRequest({ ...plan, ...(challenge && { challenge }) }, client.key);
    const answer = await service.pkiOperation(await requestMessage({ content }));
    assert.deepEqual([await refusalIn(answer), counted], [code, count]);
  }
});

test('S03 while guesses are held back, the right challenge is answered, and no place is taken', async () => {
  const under = await endpointUnderTest(staticPolicy({ challenge: CHALLENGE }));
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const service = gated(under.service, { ...gatesFor([PATH])(PATH, 1), slowed: () => held });
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'a guess' }, client.key);
  const guess = service.pkiOperation(await requestMessage({ content }));
  let answered = false;
  void guess.then(() => (answered = true));
  for (let turns = 0; turns < 100 && service.load().running > 0; turns++)
    await new Promise((done) => setTimeout(done, 10));
  await issuedIn(await service.pkiOperation(await requestMessage()));
  assert.equal(answered, false);
  resolve();
  assert.equal(await refusalIn(await guess), 'challenge_wrong');
});
