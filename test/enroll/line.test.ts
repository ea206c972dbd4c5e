/** Every exit of the line: denied, postponed, failed, raced, and what the log may contain about each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import type { Store } from '../../src/core/store.ts';
import { createIssuingCa } from '../../src/ca/create.ts';
import { HttpError, Refusal, REFUSALS, type RefusalCode } from '../../src/core/errors.ts';
import { printableString } from '../../src/asn1/writer.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { Issued, Issuer } from '../../src/core/issuer.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { forge, scepAttributes } from '../kit/forge.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, clientFor, clock, HOUR, issuing, NOW, random, root } from '../kit/pki.ts';
import { CHALLENGE, CSR, REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import {
  BY_COMMAND,
  type Different,
  endpointUnderTest,
  events,
  issuedIn,
  nonceOf,
  read,
  refusalIn,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { allows, policyThat } from '../kit/policy.ts';

const MESSAGE = await requestMessage();
const MINUTE = 60_000;
const unavailable = (error: unknown): boolean => error instanceof HttpError && error.code === 'unavailable';

async function nothingKept(under: Under): Promise<void> {
  assert.deepEqual(await stored(under), []);
  assert.deepEqual(await events(under), []);
  assert.deepEqual(await under.store.listPending(), []);
}

for (const code of Object.keys(REFUSALS) as RefusalCode[])
  test(`deny ${code}: FAILURE with failInfo, text and HRESULT of its row, nothing stored`, async () => {
    const under = await endpointUnderTest(policyThat(() => ({ kind: 'deny', code, detail: 'no', facts: { a: 'b' } })));
    const answer = await under.service.pkiOperation(MESSAGE);
    const { failInfo, text, hresult } = REFUSALS[code];
    assert.deepEqual(await read(answer), { status: 'failure', failInfo, text, hresult });
    assert.equal(answer.outcome, 'refused');
    assert.deepEqual([answer.facts['code'], answer.facts['detail'], answer.facts['a']], [code, 'no', 'b']);
    await nothingKept(under);
  });

test('a denial is final for one message only: the same request is decided again', async () => {
  const policy = policyThat(() =>
    policy.asked.length === 1
      ? { kind: 'deny', code: 'challenge_wrong', detail: 'no' }
      : { kind: 'allow', notify: 'none' },
  );
  const under = await endpointUnderTest(policy);
  await refusalIn(await under.service.pkiOperation(MESSAGE));
  await issuedIn(await under.service.pkiOperation(MESSAGE));
});

const unreachable = { kind: 'pend', reason: 'unreachable', detail: 'HTTP 503' } as const;

test('unreachable: PENDING with nothing issued; the same request is decided again, and then issued', async () => {
  const policy = policyThat(() => (policy.asked.length < 3 ? unreachable : { kind: 'allow', notify: 'none' }));
  const under = await endpointUnderTest(policy);
  for (const attempt of [1, 2]) {
    const answer = await under.service.pkiOperation(MESSAGE);
    assert.deepEqual(await read(answer), { status: 'pending' });
    assert.equal(answer.outcome, 'pending');
    assert.equal(policy.asked.length, attempt);
    assert.equal((await under.store.listPending()).length, 1);
  }
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  assert.deepEqual(await under.store.listPending(), []);
  assert.deepEqual(await events(under), ['issued']);
});

test('a request that waited and is denied does not wait any more when the device has its answer', async () => {
  const policy = policyThat(() =>
    policy.asked.length === 1 ? unreachable : { kind: 'deny', code: 'challenge_wrong', detail: 'no' },
  );
  const slow = (store: Store): Store => ({
    ...store,
    async withdrawPending(key) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return store.withdrawPending(key);
    },
  });
  const under = await endpointUnderTest(policy, { wrap: slow });
  assert.equal((await under.service.pkiOperation(MESSAGE)).outcome, 'pending');
  assert.equal((await under.store.listPending()).length, 1);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'challenge_wrong');
  assert.deepEqual(await under.store.listPending(), []);
});

test('a request that waits and comes again under another transactionID is delivered to a poll of the one that came first', async () => {
  const policy = policyThat(() => (policy.asked.length < 3 ? unreachable : { kind: 'allow', notify: 'none' }));
  const under = await endpointUnderTest(policy);
  const again = await requestMessage({ transactionId: 'second' });
  await under.service.pkiOperation(MESSAGE);
  await under.service.pkiOperation(again);
  assert.deepEqual(
    (await under.store.listPending()).map(({ transactionId }) => transactionId),
    [TRANSACTION_ID],
  );
  assert.equal((await under.service.pkiOperation(again)).outcome, 'issued');
  assert.deepEqual(await under.store.listPending(), []);
  const poll = await requestMessage({
    messageType: 'CertPoll',
    content: issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject),
  });
  assert.equal((await under.service.pkiOperation(poll)).outcome, 'repeated');
});

test('unreachable: PENDING for the 60 minutes that a challenge lives, then FAILURE', async () => {
  const policy = policyThat(() => unreachable);
  const under = await endpointUnderTest(policy);
  const status = async () => (await read(await under.service.pkiOperation(MESSAGE))).status;
  assert.equal(await status(), 'pending');
  under.clock.forward(60 * MINUTE);
  assert.equal(await status(), 'pending');
  under.clock.forward(1);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'policy_unreachable');
  assert.equal(policy.asked.length, 3);
});

test('unreachable after a certificate that was never delivered: the 60 minutes count from the first sight', async () => {
  const policy = policyThat(
    () => (policy.asked.length === 1 ? { kind: 'allow', notify: 'strict' } : unreachable),
    () => Promise.reject(new Error('not accepted')),
  );
  const under = await endpointUnderTest(policy);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'notification_failed');
  assert.equal((await read(await under.service.pkiOperation(MESSAGE))).status, 'pending');
  under.clock.forward(60 * MINUTE + 1);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'policy_unreachable');
});

test('G02 a request that waits for approval is answered PENDING, and asked about once', async () => {
  const policy = policyThat(() => ({ kind: 'pend', reason: 'approval', detail: 'by hand' }));
  const under = await endpointUnderTest(policy);
  for (let i = 0; i < 3; i++) assert.equal((await read(await under.service.pkiOperation(MESSAGE))).status, 'pending');
  assert.equal(policy.asked.length, 1);
  assert.equal((await under.store.listPending()).length, 1);
  assert.deepEqual(await events(under), ['pending']);
});

test('manual approval: what the policy said is in the facts of the answer that waits', async () => {
  const facts = { device: 'D1' };
  for (const [said, expected] of [
    [{ facts }, { reason: 'approval: an administrator decides: openndes certs approve', device: 'D1' }],
    [{}, { reason: 'approval: an administrator decides: openndes certs approve' }],
  ] as const) {
    const policy = policyThat(() => ({ kind: 'allow', notify: 'none', ...said }));
    const under = await endpointUnderTest(policy, { approval: 'manual' });
    const answer = await under.service.pkiOperation(MESSAGE);
    const { messageType, transactionId, subject, ...rest } = answer.facts;
    assert.deepEqual([answer.outcome, rest], ['pending', expected]);
    assert.deepEqual([messageType, transactionId, subject], ['PKCSReq', TRANSACTION_ID, 'CN=device-1,O=Example']);
  }
});

test('G03 a request that an administrator rejected gets FAILURE, and the policy is not called', async () => {
  const policy = policyThat(() => ({ kind: 'pend', reason: 'approval', detail: 'by hand' }));
  const under = await endpointUnderTest(policy);
  await under.service.pkiOperation(MESSAGE);
  const { key, endpoint, transactionId } = (await under.store.listPending())[0]!;
  await under.store.decidePending(key, 'rejected', {
    at: NOW,
    event: 'rejected',
    endpoint,
    transactionId,
    ...BY_COMMAND,
  });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'rejected');
  assert.equal(policy.asked.length, 1);
});

test('a policy that throws could not find out: unavailable, nothing stored, and the next try is decided', async () => {
  const policy = policyThat(() => {
    if (policy.asked.length === 1) throw new Error('bug');
    return { kind: 'allow', notify: 'none' };
  });
  const under = await endpointUnderTest(policy);
  await assert.rejects(under.service.pkiOperation(MESSAGE), unavailable);
  await nothingKept(under);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
});

test('20 parallel requests share the failure of the one that ran, and leave nothing behind', async () => {
  const policy = policyThat(() => Promise.reject(new Error('bug')));
  const under = await endpointUnderTest(policy);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => under.service.pkiOperation(MESSAGE)));
  assert.ok(results.every((result) => result.status === 'rejected' && unavailable(result.reason)));
  assert.equal(policy.asked.length, 1);
  await assert.rejects(under.service.pkiOperation(MESSAGE), unavailable);
  assert.equal(policy.asked.length, 2);
});

/** What a CA answers with this certificate. */
const issued = (certificate: Uint8Array): Issued => ({ kind: 'issued', certificate, chain: [issuing.certificate] });

/** What the issuer does, and what the device and the store see of it. */
async function withIssuer(issue: Issuer['issue'], code: RefusalCode): Promise<Under> {
  const under = await endpointUnderTest(allows('none'), { issuer: { issue } });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), code);
  await nothingKept(under);
  return under;
}

test('an issuer that throws: issuer_failed, its message in the facts, nothing stored', async () => {
  await withIssuer(() => Promise.reject(new Error('HSM gone')), 'issuer_failed');
});

test("an issuer's Refusal keeps its code", async () => {
  await withIssuer(() => Promise.reject(new Refusal('subject_refused', 'no CN')), 'subject_refused');
});

test('an issuer that answers with something that is no certificate: nothing goes out', async () => {
  for (const bytes of [new Uint8Array(), Buffer.from('<html>'), CSR])
    await withIssuer(async () => issued(bytes), 'issuer_failed');
});

test('an issuer that certifies another key: nothing goes out', async () => {
  const other = rsaKey('another');
  const plan = { subject: nameFromText('CN=device-1'), notBefore: NOW, notAfter: new Date(NOW.getTime() + HOUR) };
  const leaf = { ...plan, serialNumber: Buffer.of(7), issuer: plan.subject, spki: other.spki, extensions: [] };
  await withIssuer(async () => issued(await writeCertificate(leaf, issuing.key)), 'issuer_failed');
});

test('Q08 an issuer that makes a CA of the device: nothing goes out', async () => {
  const wanted = { subject: 'CN=device-1', key: client.key, validity: HOUR, backdate: 0, clock, random };
  await withIssuer(async () => issued(await createIssuingCa(wanted, root)), 'issuer_failed');
});

test('an issuer gets the request, the decision and the deadline', async () => {
  const reason = new Error('too late');
  const abort = new AbortController();
  const under = await endpointUnderTest(allows('none'), {
    issuer: {
      async issue(request, decision, signal) {
        assert.deepEqual(Buffer.from(request.csr.der), Buffer.from(CSR));
        assert.deepEqual(decision, { kind: 'allow', notify: 'none' });
        abort.abort(reason);
        signal.throwIfAborted();
        return issued(CSR);
      },
    },
  });
  under.services.deadline = () => abort.signal;
  const answer = await under.service.pkiOperation(MESSAGE);
  assert.deepEqual(await read(answer), { status: 'pending' });
  assert.equal(answer.facts.reason, 'unreachable: the issuer gave no answer within the time of the request');
});

test('a store that cannot record: unavailable, nothing delivered; when it can again, a resend is issued', async () => {
  for (const notify of ['none', 'strict', 'outbox'] as const) {
    const policy = allows(notify);
    const under = await endpointUnderTest(policy, {
      wrap: (store) => ({ ...store, recordIssued: () => Promise.reject(new Error('disk full')) }),
    });
    await assert.rejects(under.service.pkiOperation(MESSAGE), unavailable);
    assert.equal(policy.notifications.length, 0);
    await nothingKept(under);
    const well = await endpointUnderTest(policy, { store: under.store });
    await issuedIn(await well.service.pkiOperation(MESSAGE));
  }
});

test('a store that cannot be read: unavailable, and no policy is asked', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy, {
    wrap: (store) => ({ ...store, findRequest: () => Promise.reject(new Error('no connection')) }),
  });
  await assert.rejects(under.service.pkiOperation(MESSAGE), unavailable);
  assert.equal(policy.asked.length, 0);
});

test('a subject is cut to 512 characters in the facts, and to no fewer', async () => {
  const logged = async (length: number): Promise<string> => {
    const units = Array.from({ length: 20 }, (_, n) => `OU=${String(n).padStart(62, '0')}`).join(',');
    const subject = nameFromText(units.slice(0, length));
    const content = await writeCertificationRequest({ ...REQUEST_PLAN, subject }, client.key);
    const under = await endpointUnderTest(policyThat(() => ({ kind: 'deny', code: 'rejected', detail: '' })));
    const answer = await under.service.pkiOperation(await requestMessage({ content }));
    return String(answer.facts['subject']);
  };
  assert.deepEqual(
    (await Promise.all([511, 512, 513, 1000].map(logged))).map(({ length }) => length),
    [511, 512, 512, 512],
  );
});

test('P15 signer key ≠ CSR key is issued by default and refused where one key is demanded', async () => {
  const content = await writeCertificationRequest(REQUEST_PLAN, rsaKey('device'));
  const message = await requestMessage({ content });
  const policy = allows('none');
  await issuedIn(await (await endpointUnderTest(policy)).service.pkiOperation(message));
  const strict = await endpointUnderTest(policy, { requireSignerKeyMatch: true });
  assert.equal(await refusalIn(await strict.service.pkiOperation(message)), 'signer_key_mismatch');
  await nothingKept(strict);
  await issuedIn(await strict.service.pkiOperation(MESSAGE));
});

test('P17 a message type that is not served: FAILURE, the policy is not called, nothing stored', async () => {
  for (const [number, name] of Object.entries({
    0: '0',
    3: 'CertRep',
    18: 'UpdateReq',
    41: 'ClaimChallengeAnswer',
    999: '999',
  })) {
    const policy = allows('none');
    const under = await endpointUnderTest(policy);
    const attributes = scepAttributes({ messageType: printableString(number) });
    const answer = await under.service.pkiOperation(forge({ attributes }));
    assert.equal(await refusalIn(answer), 'message_type_refused');
    assert.equal(answer.facts['messageType'], name);
    assert.equal(policy.asked.length, 0);
    await nothingKept(under);
  }
});

const oneTime = () => policyThat(({ csr }) => ({ kind: 'allow', notify: 'none', consumes: `otp ${csr.challenge}` }));

test('S06 one challenge raced by ten keys: one success, the others are refused because it is used', async () => {
  const under = await endpointUnderTest(oneTime());
  const signers = await Promise.all(Array.from({ length: 10 }, (_, n) => clientFor(rsaKey(`racer ${n}`))));
  const messages = await Promise.all(
    signers.map(async (signer) =>
      requestMessage({ signer, content: await writeCertificationRequest(REQUEST_PLAN, signer.key) }),
    ),
  );
  const answers = await Promise.all(messages.map((message) => under.service.pkiOperation(message)));
  const outcomes = answers.map(({ outcome, facts }) => facts['code'] ?? outcome).toSorted();
  assert.deepEqual(outcomes, [...Array.from({ length: 9 }, () => 'challenge_used'), 'issued']);
  assert.equal((await stored(under)).length, 1);
});

test('Q03 a used challenge with another request is refused, and the first request still gets its certificate', async () => {
  const under = await endpointUnderTest(oneTime());
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, subject: nameFromText('CN=thief') }, client.key);
  const theft = await under.service.pkiOperation(await requestMessage({ content }));
  assert.equal(await refusalIn(theft), 'challenge_used');
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), first);
});

test('Q04 a request without proof of possession uses no challenge up', async () => {
  const policy = oneTime();
  const under = await endpointUnderTest(policy);
  const forged = Buffer.from(CSR);
  forged[forged.length - 1]! ^= 1;
  assert.equal(
    await refusalIn(await under.service.pkiOperation(await requestMessage({ content: forged }))),
    'request_refused',
  );
  assert.equal(policy.asked.length, 0);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
});

test('a challenge is not used up by a request that failed to be issued', async () => {
  const policy = oneTime();
  const failing = await endpointUnderTest(policy, { issuer: { issue: () => Promise.reject(new Error('HSM gone')) } });
  await refusalIn(await failing.service.pkiOperation(MESSAGE));
  const well = await endpointUnderTest(policy, { store: failing.store });
  await issuedIn(await well.service.pkiOperation(MESSAGE));
});

test('R01 every answer, also FAILURE and PENDING, has a senderNonce of its own', async () => {
  const denying = await endpointUnderTest(policyThat(() => ({ kind: 'deny', code: 'rejected', detail: '' })));
  const pending = await endpointUnderTest(policyThat(() => unreachable));
  const answers = [];
  for (const { service } of [denying, denying, pending, pending]) answers.push(await service.pkiOperation(MESSAGE));
  assert.equal(new Set(answers.map(nonceOf)).size, 4);
  assert.ok(answers.every((answer) => nonceOf(answer).length === 32));
});

/** Everything that would give a secret away, in the forms in which it could get into a text. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const spaced = bytes.toString('hex').replace(/..(?=.)/g, '$& ');
  return [bytes.toString('hex'), spaced, bytes.toString('base64'), bytes.toString('base64url'), [...bytes].join(',')];
}

const DER_OF_KEY = client.key.privateKey.export({ type: 'pkcs8', format: 'der' });
const SECRETS = [
  CHALLENGE,
  ...formsOf(Buffer.from(CHALLENGE)),
  // The middle, because base64 of a whole that is cut out elsewhere begins at another octet.
  ...[CSR, DER_OF_KEY].flatMap((der) => [0, 1, 2].flatMap((shift) => formsOf(der.subarray(100 + shift, 130 + shift)))),
  ...privateKeyPem(client.key.privateKey).split('\n').slice(1, -2),
];

const OUTCOMES: Readonly<Record<string, () => [Parameters<typeof endpointUnderTest>[0], Different?, Uint8Array?]>> = {
  issued: () => [allows('none')],
  'issued strict': () => [allows('strict')],
  'issued outbox': () => [allows('outbox')],
  'challenge right': () => [staticPolicy({ challenge: CHALLENGE })],
  'challenge wrong': () => [staticPolicy({ challenge: 'another' })],
  'challenge used': () => [oneTime()],
  pending: () => [policyThat(() => unreachable)],
  'policy throws': () => [policyThat(() => Promise.reject(new Error('bug')))],
  'issuer throws': () => [allows('outbox'), { issuer: { issue: () => Promise.reject(new Error('HSM gone')) } }],
  'issuer makes nonsense': () => [allows('strict'), { issuer: { issue: async () => issued(CSR) } }],
  'not notified': () => [allows('strict', () => Promise.reject(new Error('HTTP 500')))],
  'outbox not notified': () => [allows('outbox', () => Promise.reject(new Error('HTTP 500')))],
  'store fails': () => [
    allows('none'),
    { wrap: (store) => ({ ...store, recordIssued: () => Promise.reject(new Error('disk full')) }) },
  ],
  'wrong signature': () => [allows('none'), {}, forge({ signatureOf: () => Buffer.alloc(256, 1) })],
  'no message': () => [allows('none'), {}, CSR],
};

for (const [what, make] of Object.entries(OUTCOMES))
  test(`S07 ${what}: no challenge, key or request in facts, log, error or history`, async () => {
    const [policy, different = {}, message = MESSAGE] = make();
    const under = await endpointUnderTest(policy, different);
    const { log, service } = under;
    for (let i = 0; i < 2; i++)
      await service.pkiOperation(message).then(
        ({ facts }) => log.info(facts, 'scep'),
        (err: unknown) => log.error({ err }, 'scep request failed'),
      );
    await under.notifications('afterLease');
    log.info(await under.store.listAudit({}), 'history');
    log.info(
      (await under.store.listPending()).map(({ csr: _csr, ...shown }) => shown),
      'pending',
    );
    const text = log.lines.join('\n');
    assert.ok(log.lines.length >= 4);
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 2000)}`);
  });

test('S07 the search finds what it looks for', async () => {
  const under = await endpointUnderTest(allows('none'));
  const { log } = under;
  log.error({ err: Object.assign(new Error('HTTP 500'), { body: CSR }) }, 'x');
  log.error({ err: new Error('outer', { cause: new Error(`refused ${CHALLENGE}`) }) }, 'x');
  log.info({ csr: CSR, raw: new Uint8Array(CSR) }, 'x');
  log.info({ request: Buffer.from(CSR).toString('base64') }, 'x');
  log.info({ challenge: CHALLENGE }, 'x');
  for (const line of log.lines)
    assert.ok(
      SECRETS.some((secret) => line.includes(secret)),
      line.slice(0, 300),
    );
});
