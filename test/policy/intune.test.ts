/** The decision for each answer of Intune. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { Refusal } from '../../src/core/errors.ts';
import type { FailureNotification, SuccessNotification } from '../../src/core/notification.ts';
import type { IntuneClient } from '../../src/intune/client.ts';
import { INTUNE_CODES } from '../../src/intune/answer-codes.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { intunePolicy } from '../../src/policy/intune.ts';
import { endpointUnderTest, read, refusalIn } from '../kit/endpoint-under-test.ts';
import { client as device } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const CHALLENGE = 'of-Intune-and-secret'.repeat(4);
const never = new AbortController().signal;

const requestWith = (challenge: string | undefined): EnrollmentRequest => ({
  endpoint: '/scep',
  transactionId: 'T1',
  csr: {
    der: Buffer.from(`csr ${challenge}`),
    subject: Uint8Array.of(0x30, 0),
    subjectText: '',
    spki: Uint8Array.of(),
    key: { type: 'rsa', bits: 2048 },
    challenge,
    extensions: [],
  },
  signerSpki: Uint8Array.of(),
  requestKey: '',
});
const success: SuccessNotification = {
  kind: 'success',
  endpoint: '/scep',
  transactionId: 'T1',
  csr: Uint8Array.of(1),
  thumbprint: 'AA',
  serial: '01',
  notAfter: new Date(0),
  issuer: 'CN=CA',
};
const failure: FailureNotification = {
  kind: 'failure',
  endpoint: '/scep',
  transactionId: 'T1',
  csr: Uint8Array.of(1),
  hresult: -1,
  description: 'x',
};

/** A client that gives every call the same answer or error, and records the calls. */
function fakeClient(outcome: { code: string; description?: string } | Error) {
  const asked: { call: string; value: object }[] = [];
  const reply = (call: string) => async (value: object) => {
    asked.push({ call, value });
    if (outcome instanceof Error) throw outcome;
    return { code: outcome.code, description: outcome.description ?? '', clientRequestId: 'id-1' };
  };
  const client: IntuneClient = {
    validateRequest: reply('validateRequest'),
    successNotification: reply('successNotification'),
    failureNotification: reply('failureNotification'),
    secretEnd: () => Promise.resolve(undefined),
    check: async () => undefined,
    health: () => ({ ok: true, detail: '' }),
    close: async () => undefined,
  };
  return { client, asked };
}
const policyOver = (outcome: Parameters<typeof fakeClient>[0], onUnreachable: 'pending' | 'fail' = 'pending') =>
  intunePolicy({ client: fakeClient(outcome).client, notify: 'strict', onUnreachable });
const unreachable = new IntuneUnreachable({
  hop: 'validateRequest',
  what: `HTTP 503, it echoes ${CHALLENGE}`,
  remedy: 'Wait.',
  retryable: true,
  status: 503,
  activityId: 'act-1',
  clientRequestId: 'id-2',
});

describe('decide', () => {
  for (const challenge of [undefined, ''])
    test(`challenge ${JSON.stringify(challenge)}: denied without a call to Intune`, async () => {
      const { client, asked } = fakeClient({ code: 'Success' });
      const policy = intunePolicy({ client, notify: 'strict', onUnreachable: 'pending' });
      const decision = await policy.decide(requestWith(challenge), never);
      assert.ok(decision.kind === 'deny' && decision.code === 'challenge_missing');
      assert.deepEqual(asked, []);
    });

  for (const challenge of ['x'.repeat(63), `${'x'.repeat(80)}\u00e9`, `${'x'.repeat(80)}\n`, ' ']) {
    test(`S05 a challenge that Intune cannot have made (${JSON.stringify(challenge)}): denied, and Intune is not called`, async () => {
      const { client, asked } = fakeClient({ code: 'Success' });
      const policy = intunePolicy({ client, notify: 'strict', onUnreachable: 'pending' });
      const decision = await policy.decide(requestWith(challenge), never);
      assert.ok(decision.kind === 'deny' && decision.code === 'intune_denied');
      assert.match(decision.detail, /shorter than 64 characters or not printable ASCII.*`precheck: off`/);
      assert.deepEqual(asked, []);
    });

    test(`precheck off: Intune is asked about the challenge ${JSON.stringify(challenge)}`, async () => {
      const { client } = fakeClient({ code: 'Success' });
      const policy = intunePolicy({ client, notify: 'strict', onUnreachable: 'pending', precheck: 'off' });
      assert.equal((await policy.decide(requestWith(challenge), never)).kind, 'allow');
    });
  }

  test('64 printable characters are asked about', async () => {
    assert.equal(
      (await policyOver({ code: 'Success' }).decide(requestWith(`${'x'.repeat(63)}~`), never)).kind,
      'allow',
    );
  });

  for (const notify of ['strict', 'outbox'] as const)
    test(`Success is allowed, notify ${notify}`, async () => {
      const { client, asked } = fakeClient({ code: 'success' });
      const request = requestWith(CHALLENGE);
      const decision = await intunePolicy({ client, notify, onUnreachable: 'pending' }).decide(request, never);
      assert.deepEqual(decision, {
        kind: 'allow',
        notify,
        vouchesForNames: true,
        vouchesForPurposes: true,
        facts: { intuneCode: 'success', clientRequestId: 'id-1' },
      });
      assert.deepEqual(asked, [{ call: 'validateRequest', value: { transactionId: 'T1', csr: request.csr.der } }]);
    });

  for (const code of [
    ...Object.keys(INTUNE_CODES).filter((code) => code !== 'Success'),
    'OfTomorrow',
    'challengeexpired',
  ])
    test(`${code} is denied`, async () => {
      const description = `no, said of ${CHALLENGE}`;
      const decision = await policyOver({ code, description }).decide(requestWith(CHALLENGE), never);
      assert.ok(decision.kind === 'deny');
      assert.equal(decision.code, 'intune_denied');
      assert.deepEqual(decision.facts, {
        intuneCode: code,
        intuneDescription: 'no, said of [withheld]',
        clientRequestId: 'id-1',
      });
      assert.ok(decision.detail.includes(code));
      assert.ok(!JSON.stringify(decision).includes(CHALLENGE));
    });

  test('a documented code comes with what to do', async () => {
    const decision = await policyOver({ code: 'badtenantidinchallenge' }).decide(requestWith(CHALLENGE), never);
    assert.ok(decision.kind === 'deny' && decision.detail.includes('Set `tenant`'));
  });

  test('a documented code comes with what to do in any letter case, and another code with whom to ask', async () => {
    for (const code of ['ChallengeExpired', 'challengeexpired', 'CHALLENGEEXPIRED']) {
      const decision = await policyOver({ code }).decide(requestWith(CHALLENGE), never);
      assert.ok(decision.kind === 'deny' && decision.code === 'intune_denied');
      assert.ok(decision.detail.startsWith(`Intune answered ${code}. The challenge is older than its 60 minutes.`));
    }
    const unknown = await policyOver({ code: 'OfTomorrow' }).decide(requestWith(CHALLENGE), never);
    assert.ok(unknown.kind === 'deny');
    assert.match(unknown.detail, /This code is not documented; give Microsoft the client-request-id\.$/);
  });

  test('unreachable is pending, with the facts and without the challenge', async () => {
    const decision = await policyOver(unreachable).decide(requestWith(CHALLENGE), never);
    assert.ok(decision.kind === 'pend');
    assert.equal(decision.reason, 'unreachable');
    assert.deepEqual(decision.facts, {
      intuneHop: 'validateRequest',
      intuneStatus: '503',
      intuneActivityId: 'act-1',
      clientRequestId: 'id-2',
    });
    assert.match(decision.detail, /HTTP 503.*Wait\./);
    assert.ok(!JSON.stringify(decision).includes(CHALLENGE));
  });

  test('unreachable is a refusal with onUnreachable fail', async () => {
    const decision = await policyOver(unreachable, 'fail').decide(requestWith(CHALLENGE), never);
    assert.ok(decision.kind === 'deny' && decision.code === 'intune_unreachable');
    assert.ok(!JSON.stringify(decision).includes(CHALLENGE));
  });

  test('any other error is passed on', async () => {
    const reason = new Error('the device went away');
    await assert.rejects(policyOver(reason).decide(requestWith(CHALLENGE), never), reason);
  });
});

describe('notify', () => {
  for (const [code, final] of [
    ['SubjectNameMismatch', true],
    ['ACodeOfTomorrow', true],
    ['HTTP400', false],
    ['HTTP405', false],
  ] as const)
    test(`an answer with ${code} is ${final ? 'final' : 'not final: a proxy may have given it'}`, async () => {
      await assert.rejects(
        policyOver({ code, description: '' }).notify(success, never),
        (error) => error instanceof Refusal && error.final === final,
      );
    });

  test('an Intune that cannot be reached has given no final answer', async () => {
    await assert.rejects(
      policyOver(unreachable).notify(success, never),
      (error) => error instanceof Refusal && !error.final,
    );
  });

  for (const notification of [success, failure])
    test(`${notification.kind}: accepted`, async () => {
      const { client, asked } = fakeClient({ code: 'Success' });
      const policy = intunePolicy({ client, notify: 'strict', onUnreachable: 'pending' });
      assert.deepEqual(await policy.notify(notification, never), { intuneCode: 'Success', clientRequestId: 'id-1' });
      assert.deepEqual(asked, [{ call: `${notification.kind}Notification`, value: notification }]);
    });

  test('another answer than Success throws, with the code', async () => {
    await assert.rejects(
      policyOver({ code: 'ChallengeExpired', description: 'late' }).notify(success, never),
      (error) =>
        error instanceof Refusal &&
        error.code === 'notification_failed' &&
        /ChallengeExpired: late \(client-request-id id-1\)/.test(error.message),
    );
  });

  for (const notification of [success, failure])
    test(`${notification.kind}: unreachable throws, with the cause`, async () => {
      await assert.rejects(
        policyOver(unreachable).notify(notification, never),
        (error) => error instanceof Refusal && error.code === 'notification_failed' && error.cause === unreachable,
      );
    });

  test('a caller that aborts gets its own reason', async () => {
    const reason = new Error('shutdown');
    await assert.rejects(policyOver(reason).notify(success, never), reason);
  });
});

for (const [what, challenge] of [
  ['no challenge', undefined],
  ['an empty challenge', ''],
] as const)
  test(`S05 Intune on, ${what}: FAILURE 2, and Intune is not called`, async () => {
    const { client, asked } = fakeClient({ code: 'Success' });
    const under = await endpointUnderTest(intunePolicy({ client, notify: 'strict', onUnreachable: 'pending' }));
    const { challenge: _challenge, ...plan } = REQUEST_PLAN;
    const content = await writeCertificationRequest(
      { ...plan, ...(challenge !== undefined && { challenge }) },
      device.key,
    );
    for (const messageType of ['PKCSReq', 'RenewalReq'] as const) {
      const answer = await under.service.pkiOperation(await requestMessage({ messageType, content }));
      const reply = await read(answer);
      assert.ok(reply.status === 'failure' && reply.failInfo === 'badRequest', JSON.stringify(reply));
      assert.equal(await refusalIn(answer), 'challenge_missing');
    }
    assert.deepEqual(asked, []);
  });
