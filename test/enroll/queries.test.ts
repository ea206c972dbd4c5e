/** CertPoll, GetCert and GetCRL: the state of a request, a certificate by its serial number, and the CRL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, nullValue, octetString, sequence } from '../../src/asn1/writer.ts';
import { createIssuingCa } from '../../src/ca/create.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { issuerAndSerialNumber } from '../../src/cms/signed-data.ts';
import type { StoredTransaction } from '../../src/core/records.ts';
import type { ScepAnswer } from '../../src/enroll/service.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { client, clientFor, HOUR, issuing, type Keyed, nextCa, NOW, ra, root, wanted } from '../kit/pki.ts';
import { CSR, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import {
  BY_COMMAND,
  type Different,
  endpointUnderTest,
  events,
  issuedIn,
  nonceOf,
  read,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { allows, type CountingPolicy, policyThat } from '../kit/policy.ts';

const REQUEST = await requestMessage();
const SUBJECT = REQUEST_PLAN.subject;
const CA_NAME = readCertificate(issuing.certificate).subject;

const pollMessage = (
  content: Uint8Array = issuerAndSubject(CA_NAME, SUBJECT),
  signer: Keyed = client,
  transactionId?: string,
) => requestMessage({ messageType: 'CertPoll', content, signer, ...(transactionId && { transactionId }) });
const POLL = await pollMessage();
const otherClient = await clientFor(rsaKey('other client'));

/** An endpoint whose policy allows, and whose administrator is asked. */
const approving = (policy: CountingPolicy = allows('none'), different: Different = {}) =>
  endpointUnderTest(policy, { approval: 'manual', ...different });

const status = async (answer: ScepAnswer, signer?: Keyed): Promise<string> => (await read(answer, signer)).status;
const ask = (under: Under, message: Uint8Array): Promise<ScepAnswer> => under.service.pkiOperation(message);

async function decide({ store }: Under, event: 'approved' | 'rejected', request?: StoredTransaction): Promise<void> {
  const { key, endpoint, transactionId } = request ?? (await store.listPending())[0]!;
  assert.equal(await store.decidePending(key, event, { at: NOW, event, endpoint, transactionId, ...BY_COMMAND }), true);
}

test('G01 PKCSReq waits, so does the poll; approved, the poll brings the certificate, and a repeat the same', async () => {
  const policy = allows('none');
  const under = await approving(policy);
  assert.equal(await status(await ask(under, REQUEST)), 'pending');
  assert.equal(await status(await ask(under, POLL)), 'pending');
  await decide(under, 'approved');
  const answer = await ask(under, POLL);
  const certificate = await issuedIn(answer);
  assert.equal(answer.facts['approved'], 'manually');
  assert.deepEqual(Buffer.from(readCertificate(certificate).spki), Buffer.from(client.key.spki));
  for (const message of [POLL, REQUEST]) assert.deepEqual(await issuedIn(await ask(under, message)), certificate);
  assert.equal(policy.asked.length, 1);
  assert.deepEqual(await events(under), ['pending', 'approved', 'issued']);
  assert.equal((await stored(under)).length, 1);
});

test('G01 the poll of another process, signed with a fresh self-signed certificate of the key', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  await decide(under, 'approved');
  const other = await approving(allows('none'), { store: under.store });
  const rewrapped = await clientFor(client.key, 'CN=device-1 again');
  await issuedIn(await ask(other, await pollMessage(undefined, rewrapped)), rewrapped);
});

test('G01 what is certified is what was approved: another request of the key waits for itself', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  const [first] = await under.store.listPending();
  await decide(under, 'approved');
  const names = [subjectAltName(['upn:administrator@example.com'].map(generalNameFromText))];
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, extensions: names }, client.key);
  assert.equal(await status(await ask(under, await requestMessage({ content }))), 'pending');
  // The poll is about the newest request of the key.
  assert.equal(await status(await ask(under, POLL)), 'pending');
  const certificate = await issuedIn(await ask(under, REQUEST));
  assert.ok(!certificate.includes('administrator'));
  assert.equal((await under.store.findTransaction(first!.key))?.state, 'issued');
  await decide(under, 'rejected');
  assert.equal((await stored(under)).length, 1);
});

test('G01 a subject in the poll makes no difference to what is certified', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  await decide(under, 'approved');
  const certificate = await issuedIn(
    await ask(under, await pollMessage(issuerAndSubject(CA_NAME, nameFromText('CN=ceo')))),
  );
  assert.deepEqual(Buffer.from(readCertificate(certificate).subject), Buffer.from(SUBJECT));
});

test('G01 a policy that refuses is not overruled: nothing waits for approval', async () => {
  const under = await approving(policyThat(() => ({ kind: 'deny', code: 'challenge_wrong', detail: 'no' })));
  assert.equal(await refusalIn(await ask(under, REQUEST)), 'challenge_wrong');
  assert.deepEqual(await under.store.listPending(), []);
});

test('G01 an approval in the place of the policy changes nothing: the policy decides', async () => {
  const policy = policyThat(() => ({ kind: 'pend', reason: 'unreachable', detail: 'HTTP 503' }));
  const under = await endpointUnderTest(policy);
  await ask(under, REQUEST);
  await decide(under, 'approved');
  for (const message of [REQUEST, POLL]) assert.equal(await status(await ask(under, message)), 'pending');
  assert.equal(policy.asked.length, 3);
  assert.deepEqual(await stored(under), []);
});

test('a poll while the policy could not be asked asks it again, with the request as it was', async () => {
  const policy = policyThat(() =>
    policy.asked.length < 3
      ? { kind: 'pend', reason: 'unreachable', detail: 'HTTP 503' }
      : { kind: 'allow', notify: 'strict' },
  );
  const under = await endpointUnderTest(policy);
  for (const message of [REQUEST, POLL]) assert.equal(await status(await ask(under, message)), 'pending');
  const certificate = await issuedIn(await ask(under, POLL));
  assert.deepEqual(await issuedIn(await ask(under, REQUEST)), certificate);
  for (const { csr, transactionId } of policy.asked) {
    assert.deepEqual(Buffer.from(csr.der), Buffer.from(CSR));
    assert.equal(transactionId, policy.asked[0]!.transactionId);
  }
  assert.equal(policy.notifications.length, 1);
});

test('a poll whose request was forgotten, because the challenge in it is too old, gets FAILURE', async () => {
  const policy = policyThat(() => ({ kind: 'pend', reason: 'unreachable', detail: 'HTTP 503' }));
  const under = await endpointUnderTest(policy);
  await ask(under, REQUEST);
  await under.store.forgetRequests({ unreachable: new Date(NOW.getTime() + 1), erased: NOW, any: NOW }, 10);
  assert.equal(await refusalIn(await ask(under, POLL)), 'policy_unreachable');
  assert.equal(policy.asked.length, 1);
});

test('a poll for a renewal that waits tells the policy what is renewed; signed otherwise, it does not', async () => {
  const policy: CountingPolicy = Object.assign(
    policyThat(() =>
      policy.asked.length === 1
        ? { kind: 'allow', notify: 'none' }
        : { kind: 'pend', reason: 'undecided', detail: 'later' },
    ),
    { decidesRenewals: true },
  );
  const under = await endpointUnderTest(policy);
  const device = { key: client.key, certificate: await issuedIn(await ask(under, REQUEST)) };
  const content = await writeCertificationRequest(REQUEST_PLAN, rsaKey('renewed'));
  const message = await requestMessage({ messageType: 'RenewalReq', content, signer: device });
  assert.equal(await status(await ask(under, message), device), 'pending');
  assert.equal(await status(await ask(under, await pollMessage(undefined, device)), device), 'pending');
  assert.equal(await status(await ask(under, POLL)), 'pending');
  const { serial } = (await stored(under))[0]!;
  assert.deepEqual(
    policy.asked.map(({ renews }) => renews?.serial),
    [undefined, serial, serial, undefined],
  );
  // What a CA would be given as the key of the order is that of the renewal, under whichever certificate the poll comes.
  const keys = policy.asked.map(({ requestKey }) => requestKey);
  for (const key of keys) assert.match(key, /^[0-9a-f]{64}$/);
  assert.deepEqual([new Set(keys).size, new Set(keys.slice(1)).size], [2, 1]);
  assert.equal((await under.store.listPending()).length, 1);
});

test('G02 an identical PKCSReq while it waits: PENDING, one request, one question, one line of history', async () => {
  const policy = allows('none');
  const under = await approving(policy);
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(under, REQUEST)));
  for (const answer of answers) assert.equal(await status(answer), 'pending');
  assert.equal(new Set(answers.map(nonceOf)).size, 10);
  assert.equal((await under.store.listPending()).length, 1);
  assert.equal(policy.asked.length, 1);
  assert.deepEqual(await events(under), ['pending']);
});

/** The request of another client, for its own key. */
const otherRequest = async () =>
  requestMessage({ signer: otherClient, content: await writeCertificationRequest(REQUEST_PLAN, otherClient.key) });

test('G02 a one-time challenge is used up by waiting: the same request still waits, another is refused', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'otp-1' }));
  const under = await approving(policy);
  await ask(under, REQUEST);
  assert.equal(await refusalIn(await ask(under, await otherRequest()), otherClient), 'challenge_used');
  assert.equal(await status(await ask(under, REQUEST)), 'pending');
  await decide(under, 'approved');
  await issuedIn(await ask(under, REQUEST));
  assert.equal((await under.store.listPending()).length, 0);
});

test('G03 rejected: FAILURE for the poll and for the same request, for good', async () => {
  const policy = allows('none');
  const under = await approving(policy);
  await ask(under, REQUEST);
  await decide(under, 'rejected');
  for (const message of [POLL, REQUEST, POLL]) assert.equal(await refusalIn(await ask(under, message)), 'rejected');
  assert.equal(policy.asked.length, 1);
  assert.deepEqual(await stored(under), []);
});

test('G03 rejected while the certificate was being signed: FAILURE, and no certificate', async () => {
  const policy = policyThat(() =>
    policy.asked.length === 1
      ? { kind: 'pend', reason: 'undecided', detail: 'later' }
      : { kind: 'allow', notify: 'none' },
  );
  const under = await endpointUnderTest(policy);
  await ask(under, REQUEST);
  const { issuer } = under.endpoint;
  const slow = await endpointUnderTest(policy, {
    store: under.store,
    issuer: {
      async issue(...order) {
        await decide(under, 'rejected');
        return issuer.issue(...order);
      },
    },
  });
  assert.equal(await refusalIn(await ask(slow, REQUEST)), 'rejected');
  assert.equal(await refusalIn(await ask(slow, POLL)), 'rejected');
  assert.deepEqual(await stored(under), []);
});

test('G03 a certificate that was revoked is not polled back', async () => {
  const under = await endpointUnderTest(allows('none'));
  await ask(under, REQUEST);
  await revoke(under.store, (await stored(under))[0]!, 'keyCompromise');
  assert.equal(await refusalIn(await ask(under, POLL)), 'rejected');
});

test('G04 an unknown transactionID: badCertId', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  const answer = await ask(under, await pollMessage(undefined, client, 'ANOTHER'));
  assert.equal(answer.facts['code'], 'unknown_transaction');
});

for (const state of ['pending', 'approved', 'issued', 'rejected'] as const)
  test(`G04 the poll of another key while the request is ${state}: badCertId, and nothing is changed or leaked`, async () => {
    const under = await approving();
    await ask(under, REQUEST);
    if (state !== 'pending') await decide(under, state === 'rejected' ? 'rejected' : 'approved');
    if (state === 'issued') await ask(under, POLL);
    const before = await events(under);
    for (const signer of [otherClient, await clientFor(rsaKey('other client'), 'CN=device-1')]) {
      const reply = await read(await ask(under, await pollMessage(undefined, signer)), signer);
      assert.equal(reply.status === 'failure' && reply.failInfo, 'badCertId');
    }
    assert.deepEqual(await events(under), before);
  });

test('G04 the poll at another endpoint: badCertId', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  await decide(under, 'approved');
  const other = await approving(allows('none'), { store: under.store, path: '/scep/lab' });
  assert.equal(await refusalIn(await ask(other, POLL)), 'unknown_transaction');
});

test('G04 of two keys under one transactionID each gets its own certificate', async () => {
  const under = await approving();
  const other = await otherRequest();
  await ask(under, REQUEST);
  await ask(under, other);
  for (const request of await under.store.listPending()) await decide(under, 'approved', request);
  const first = await issuedIn(await ask(under, POLL));
  const second = await issuedIn(await ask(under, await pollMessage(undefined, otherClient)), otherClient);
  assert.notDeepEqual(first, second);
  assert.deepEqual(await issuedIn(await ask(under, POLL)), first);
});

const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  'the CA': issuerAndSubject(CA_NAME, SUBJECT),
  'the RA': issuerAndSubject(readCertificate(ra.certificate).subject, SUBJECT),
  'the CA in reversed order': issuerAndSubject(nameFromText('O=Test,CN=Test Issuing'), SUBJECT),
  'an empty name': issuerAndSubject(nameFromText(''), nameFromText('')),
  'no name at all': nullValue,
  'octets that are no ASN.1': Buffer.from('ffffffff', 'hex'),
};
for (const [what, content] of Object.entries(CONTENTS))
  test(`G05 a poll whose issuer is ${what}`, async () => {
    const under = await approving();
    await ask(under, REQUEST);
    assert.equal(await status(await ask(under, await pollMessage(content))), 'pending');
    await decide(under, 'approved');
    await issuedIn(await ask(under, await pollMessage(content)));
  });

test('S06 an approval, polls and identical requests in parallel, on two replicas: one certificate for all', async () => {
  for (let round = 0; round < 10; round++) {
    const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'otp-1' }));
    const one = await approving(policy);
    const other = await approving(policy, { store: one.store });
    await ask(one, REQUEST);
    const asked = [one, other, one, other].flatMap((under) => [REQUEST, POLL].map((message) => ask(under, message)));
    const approval = decide(one, 'approved');
    const later = [one, other, one, other].flatMap((under) => [POLL, REQUEST].map((message) => ask(under, message)));
    await approval;
    const last = [one, other].flatMap((under) => [POLL, REQUEST].map((message) => ask(under, message)));
    const certificates = new Set<string>();
    for (const answer of await Promise.all([...asked, ...later, ...last])) {
      const reply = await read(answer);
      assert.notEqual(reply.status, 'failure', JSON.stringify(answer.facts));
      if (reply.status === 'success') certificates.add(Buffer.from(reply.certificates[0]!).toString('hex'));
    }
    for (const answer of await Promise.all(last)) assert.equal(await status(answer), 'success');
    assert.equal(certificates.size, 1);
    assert.equal((await stored(one)).length, 1);
    assert.deepEqual(await events(one), ['pending', 'approved', 'issued']);
  }
});

test('S06 approval and rejection in parallel: one counts, and every later answer agrees', async () => {
  const under = await approving();
  await ask(under, REQUEST);
  const [{ key, endpoint, transactionId }] = (await under.store.listPending()) as [StoredTransaction];
  const said = await Promise.all(
    (['approved', 'rejected'] as const).map((event) =>
      under.store.decidePending(key, event, { at: NOW, event, endpoint, transactionId, ...BY_COMMAND }),
    ),
  );
  assert.equal(said.filter(Boolean).length, 1);
  const expected = said[0] ? 'success' : 'failure';
  for (const message of [POLL, REQUEST, POLL]) assert.equal(await status(await ask(under, message)), expected);
});

const serialOf = (certificate: Uint8Array): Uint8Array => readCertificate(certificate).serialNumber;
const named = (serialNumber: Uint8Array, issuer = CA_NAME): Uint8Array =>
  issuerAndSerialNumber({ issuer, serialNumber });
const getCert = (content: Uint8Array, signer: Keyed = client) =>
  requestMessage({ messageType: 'GetCert', content, signer });

/** An endpoint with a certificate of the client, and one of another client. */
async function withTwo(different: Different = {}) {
  const under = await endpointUnderTest(allows('none'), different);
  const own = await issuedIn(await ask(under, REQUEST));
  const content = await writeCertificationRequest(
    { ...REQUEST_PLAN, subject: nameFromText('CN=other') },
    otherClient.key,
  );
  const other = await issuedIn(await ask(under, await requestMessage({ signer: otherClient, content })), otherClient);
  return { under, own, other };
}

async function found(answer: ScepAnswer, signer?: Keyed): Promise<Buffer[]> {
  const reply = await read(answer, signer);
  assert.ok(reply.status === 'success', JSON.stringify(answer.facts));
  assert.deepEqual(reply.crls, []);
  return reply.certificates.map((der) => Buffer.from(der));
}

test('G06 GetCert: the own certificate, by its key under a self-signed certificate or by itself', async () => {
  const { under, own } = await withTwo();
  for (const signer of [client, { certificate: own, key: client.key }])
    for (const issuer of [CA_NAME, ...[ra, root].map(({ certificate }) => readCertificate(certificate).subject)])
      assert.deepEqual(await found(await ask(under, await getCert(named(serialOf(own), issuer), signer)), signer), [
        own,
      ]);
  assert.equal((await stored(under)).length, 2);
});

test('G06 GetCert: an earlier certificate of the same device, asked for with its present one', async () => {
  const { under, own } = await withTwo();
  const key = rsaKey('renewed');
  const content = await writeCertificationRequest(REQUEST_PLAN, key);
  const device = { certificate: own, key: client.key };
  const renewed = await issuedIn(
    await ask(under, await requestMessage({ messageType: 'RenewalReq', signer: device, content })),
    device,
  );
  const present = { certificate: renewed, key };
  assert.deepEqual(await found(await ask(under, await getCert(named(serialOf(own)), present)), present), [own]);
  const selfSigned = await clientFor(key, 'CN=device-1,O=Example');
  await revoke(under.store, (await stored(under))[0]!, 'keyCompromise');
  assert.equal(
    await refusalIn(await ask(under, await getCert(named(serialOf(own)), present)), present),
    'unknown_certificate',
  );
  assert.equal(
    await refusalIn(await ask(under, await getCert(named(serialOf(own)), selfSigned)), selfSigned),
    'unknown_certificate',
  );
});

test('G06 GetCert: the certificate of another client, requested with a valid one', async () => {
  const { under, own, other } = await withTwo();
  const thief = { certificate: other, key: otherClient.key };
  assert.equal(
    await refusalIn(await ask(under, await getCert(named(serialOf(own)), thief)), thief),
    'unknown_certificate',
  );
});

test('G06 GetCert: unknown, malformed, of another issuer and not mine are one answer', async () => {
  const { under, own, other } = await withTwo();
  const contents = [
    named(serialOf(other)),
    named(serialOf(own), nameFromText('CN=Another CA')),
    named(serialOf(own), nameFromText('')),
    named(serialOf(own), sequence(nullValue)),
    named(Buffer.of(5)),
    named(Buffer.of(0)),
    nullValue,
    octetString(Buffer.of(1)),
  ];
  const answers = await Promise.all(contents.map(async (content) => ask(under, await getCert(content))));
  for (const answer of answers) {
    assert.equal(await refusalIn(answer), 'unknown_certificate');
    assert.deepEqual(await read(answer), await read(answers[0]!));
    assert.equal(answer.body.length, answers[0]!.body.length);
  }
});

test('G06 GetCert: a revoked certificate is not handed out', async () => {
  const { under, own } = await withTwo();
  await revoke(under.store, (await stored(under))[1]!, 'keyCompromise');
  assert.equal(await refusalIn(await ask(under, await getCert(named(serialOf(own))))), 'unknown_certificate');
});

test('G06 GetCert: no subject in common is no claim, nor the same subject at another endpoint', async () => {
  const nameless = async (name: string, signer: Keyed, under: Under, subject = '') => {
    const extensions = [subjectAltName([generalNameFromText(name)])];
    const content = await writeCertificationRequest(
      { ...REQUEST_PLAN, subject: nameFromText(subject), extensions },
      signer.key,
    );
    return issuedIn(await ask(under, await requestMessage({ signer, content })), signer);
  };
  const under = await endpointUnderTest(allows('none'));
  const first = await nameless('dns:a.example.com', client, under);
  const thief = { key: otherClient.key, certificate: await nameless('dns:b.example.com', otherClient, under) };
  assert.equal(
    await refusalIn(await ask(under, await getCert(named(serialOf(first)), thief)), thief),
    'unknown_certificate',
  );

  const lab = await endpointUnderTest(allows('none'), { store: under.store, path: '/scep/lab' });
  const mine = await nameless('dns:a.example.com', client, under, 'CN=ceo');
  const labThief = {
    key: otherClient.key,
    certificate: await nameless('dns:a.example.com', otherClient, lab, 'CN=ceo'),
  };
  for (const at of [under, lab])
    assert.equal(
      await refusalIn(await ask(at, await getCert(named(serialOf(mine)), labThief)), labThief),
      'unknown_certificate',
    );
});

const GET_CRL: Readonly<Record<string, Uint8Array>> = {
  'the issuer and serial number of the CA': named(
    serialOf(issuing.certificate),
    readCertificate(issuing.certificate).issuer,
  ),
  'the subject of the CA, and 1': named(Buffer.of(1)),
  'the CA in reversed order': named(Buffer.of(1), nameFromText('O=Test,CN=Test Issuing')),
  'nothing that can be read': nullValue,
};
for (const [what, content] of Object.entries(GET_CRL))
  test(`G07 GetCRL with ${what}: the CRL and nothing else`, async () => {
    const crl = await writeCrl({ issuer: issuing, revoked: [], thisUpdate: NOW, validity: HOUR, number: 1 });
    const under = await endpointUnderTest(allows('none'), { crl: async () => crl });
    const reply = await read(await ask(under, await requestMessage({ messageType: 'GetCRL', content })));
    assert.ok(reply.status === 'success');
    assert.deepEqual(reply.certificates, []);
    assert.deepEqual(
      reply.crls.map((der) => Buffer.from(der)),
      [Buffer.from(crl)],
    );
    assert.deepEqual(await events(under), []);
  });

/** What answers a GetCRL that names this issuer, at an endpoint with CAs before the present one. */
async function crlFor(previous: Different['previous'], content: Uint8Array, prepare?: (under: Under) => Promise<void>) {
  const under = await endpointUnderTest(allows('none'), { crl: async () => PRESENT, ...(previous && { previous }) });
  await prepare?.(under);
  const reply = await read(await ask(under, await requestMessage({ messageType: 'GetCRL', content })));
  assert.ok(reply.status === 'success');
  return Buffer.from(reply.crls[0]!).toString();
}

const list = (text: string): Uint8Array => sequence(encode(0x0c, Buffer.from(text)));
const PRESENT = list('present');
const textOf = (crl: Uint8Array): string => Buffer.from(crl).toString();

test('G07 GetCRL that names a CA before the present one: the list of that CA', async () => {
  const previous = [
    { certificate: nextCa.certificate, crl: async () => list('first') },
    { certificate: root.certificate, crl: async () => list('second') },
  ];
  for (const [issuer, expected] of [
    ['CN=Next Issuing', list('first')],
    ['CN=Test Root', list('second')],
    ['CN=Test Issuing', PRESENT],
    ['CN=Nobody', PRESENT],
  ] as const)
    assert.equal(await crlFor(previous, named(Buffer.of(1), nameFromText(issuer))), textOf(expected), issuer);
  assert.equal(await crlFor(previous, nullValue), textOf(PRESENT));
  assert.equal(await crlFor(undefined, named(Buffer.of(1), nameFromText('CN=Test Root'))), textOf(PRESENT));
});

test('G07 GetCRL where the earlier CA has the name of the present one: the serial number says whose list it is', async () => {
  const key = ecKey('rekeyed');
  const certificate = await createIssuingCa(wanted('CN=Test Issuing', key), root);
  const previous = [{ certificate, crl: async () => list('earlier') }];
  const { issuerId } = issuerIdentity(certificate);
  const recordBoth = async ({ store }: Under): Promise<void> => {
    const [old, present] = [issuanceFor(1), issuanceFor(2)];
    await store.recordIssued({ ...old, certificate: { ...old.certificate, issuerId, serial: '0a01' } });
    await store.recordIssued({ ...present, certificate: { ...present.certificate, serial: '0a02' } });
  };
  const crl = (serial: string) => crlFor(previous, named(Buffer.from(serial, 'hex')), recordBoth);
  assert.equal(await crl('0a01'), textOf(list('earlier')));
  assert.equal(await crl('0a02'), textOf(PRESENT));
  assert.equal(await crl('0a03'), textOf(PRESENT));
});

test('G07 GetCRL with a CRL of more than 1 MB: badCertId, and it is not encrypted for everybody who asks', async () => {
  const content = named(Buffer.of(1));
  for (const [octets, status] of [
    [1024 * 1024, 'success'],
    [1024 * 1024 + 1, 'failure'],
  ] as const) {
    const under = await endpointUnderTest(allows('none'), { crl: async () => Buffer.alloc(octets, 0x30) });
    const answer = await ask(under, await requestMessage({ messageType: 'GetCRL', content }));
    assert.equal(answer.outcome, status === 'success' ? 'found' : 'refused');
    if (status === 'failure') assert.equal(await refusalIn(answer), 'unknown_certificate');
  }
});

test('G07 GetCRL where the CA has none: badCertId', async () => {
  const under = await endpointUnderTest(allows('none'));
  const answer = await ask(under, await requestMessage({ messageType: 'GetCRL', content: named(Buffer.of(1)) }));
  assert.equal(await refusalIn(answer), 'unknown_certificate');
});

test('none of them enrols: nothing is recorded and no policy is asked', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy);
  // A certification request in the envelope makes no difference.
  for (const messageType of ['CertPoll', 'GetCert', 'GetCRL'] as const)
    assert.equal(await status(await ask(under, await requestMessage({ messageType, content: CSR }))), 'failure');
  assert.equal(policy.asked.length, 0);
  assert.deepEqual(await events(under), []);
});
