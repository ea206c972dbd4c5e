/** Renewal from an earlier CA: a certificate that this server has no record of renews by the same rules as one of ours. */
import assert from 'node:assert/strict';
import { ECDH, hash } from 'node:crypto';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { bitString, oid, sequence, unsignedInteger } from '../../src/asn1/writer.ts';
import { createRoot } from '../../src/ca/create.ts';
import type { EarlierCa } from '../../src/core/earlier-ca.ts';
import type { EndpointIssuer } from '../../src/core/issuer.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { certificateImporter } from '../../src/manage/certificate-import.ts';
import {
  certificateExtensions,
  type CertificatePlan,
  readCertificate,
  writeCertificate,
} from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  findExtension,
  keyUsage,
  readExtendedKeyUsage,
  readKeyUsage,
  subjectAltName,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { issuerIdOf } from '../../src/pkix/issuer-id.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID } from '../../src/pkix/oids.ts';
import { readKey } from '../../src/pkix/public-key.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import {
  authority,
  BY_COMMAND,
  type Different,
  endpointUnderTest,
  issuedIn,
  PATH,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { client, DAY, HOUR, type Keyed, NOW, nextCa, wanted, YEAR } from '../kit/pki.ts';
import { type CountingPolicy, policyThat } from '../kit/policy.ts';
import { CHALLENGE, requestMessage } from '../kit/requests.ts';

const ndesKey = rsaKey('ndes ca');
const ndes: Keyed = { key: ndesKey, certificate: await createRoot(wanted('CN=NDES CA', ndesKey, 2 * YEAR)) };
const NDES_ID = issuerIdOf(readCertificate(ndes.certificate).subject, ndesKey.spki);

const SUBJECT = nameFromText('CN=Ada,O=Example');
const NAMES = subjectAltName([generalNameFromText('upn:ada@example.com')]);

/** A device that NDES enrolled, with what is different about its certificate. */
async function device(
  different: Partial<CertificatePlan> = {},
  by: Keyed['key'] = ndesKey,
  digest?: 'sha1',
): Promise<Keyed> {
  const plan: CertificatePlan = {
    serialNumber: Buffer.from('5f000001', 'hex'),
    issuer: readCertificate(ndes.certificate).subject,
    subject: SUBJECT,
    notBefore: new Date(NOW.getTime() - 300 * DAY),
    notAfter: new Date(NOW.getTime() + 20 * DAY),
    spki: client.key.spki,
    extensions: [NAMES, keyUsage(['digitalSignature']), extendedKeyUsage([EXTENDED_KEY_USAGES.clientAuth])],
    ...different,
  };
  return { certificate: await writeCertificate(plan, by, digest), key: client.key };
}
const LAPTOP = await device();

const challenged = (): CountingPolicy =>
  policyThat((request) => staticPolicy({ challenge: CHALLENGE }).decide(request, new AbortController().signal));

const from = (ca: Partial<EarlierCa> = {}): Different => ({ renewalFrom: [{ certificate: ndes.certificate, ...ca }] });
const under = (different: Different = from(), policy = challenged()): Promise<Under> =>
  endpointUnderTest(policy, different);

type Plan = Partial<Parameters<typeof writeCertificationRequest>[0]>;
async function renewal(signer: Keyed, key = 'renewed', plan: Plan = {}): Promise<Uint8Array> {
  const content = await writeCertificationRequest({ subject: SUBJECT, extensions: [NAMES], ...plan }, rsaKey(key));
  return requestMessage({ messageType: 'RenewalReq', signer, content });
}

/** Refused for this reason without a challenge, and issued with one. */
async function leavesItToThePolicy(at: Under, signer: Keyed, reason: RegExp, plan: Plan = {}): Promise<void> {
  const answer = await at.service.pkiOperation(await renewal(signer, 'refused', plan));
  assert.equal(await refusalIn(answer, signer), 'renewal_refused');
  assert.match(String(answer.facts['detail']), reason);
  const allowed = await at.service.pkiOperation(await renewal(signer, 'allowed', { ...plan, challenge: CHALLENGE }));
  await issuedIn(allowed, signer);
  assert.match(String(allowed.facts['notRenewed']), reason);
  assert.deepEqual([allowed.facts['signedBy'], allowed.facts['earlierCa']], ['5f000001', 'CN=NDES CA']);
  assert.equal((await stored(at))[0]!.renews, undefined);
}

test('a certificate of an earlier CA renews onto the present CA without a challenge, and the log names the earlier CA', async () => {
  const policy = challenged();
  const at = await under(from(), policy);
  for (const messageType of ['RenewalReq', 'PKCSReq'] as const) {
    const content = await writeCertificationRequest({ subject: SUBJECT, extensions: [NAMES] }, rsaKey(messageType));
    const answer = await at.service.pkiOperation(await requestMessage({ messageType, signer: LAPTOP, content }));
    const certificate = await issuedIn(answer, LAPTOP);
    assert.equal(nameText(readCertificate(certificate).issuer), 'CN=Test Issuing');
    assert.deepEqual([answer.facts['renews'], answer.facts['earlierCa']], ['5f000001', 'CN=NDES CA']);
  }
  assert.equal(policy.asked.length, 0);
  const [newest] = await stored(at);
  assert.deepEqual(newest!.renews, { issuerId: NDES_ID, serial: '5f000001' });
  assert.deepEqual(newest!.firstIssuedAt, new Date(NOW.getTime() - 300 * DAY));
});

test('without `renewalFrom` the same certificate is that of an unknown signer', async () => {
  const at = await under({});
  assert.equal(await refusalIn(await at.service.pkiOperation(await renewal(LAPTOP)), LAPTOP), 'challenge_missing');
});

test('it renews once, and once more within the retention; ten at the same time get two', async () => {
  const at = await under();
  const messages = await Promise.all(Array.from({ length: 10 }, (_, n) => renewal(LAPTOP, `parallel ${n}`)));
  const answers = await Promise.all(messages.map((message) => at.service.pkiOperation(message)));
  assert.equal(answers.filter(({ outcome }) => outcome === 'issued').length, 2);
  await leavesItToThePolicy(at, LAPTOP, /renewed already/);

  const slow = await under();
  await issuedIn(await slow.service.pkiOperation(await renewal(LAPTOP)), LAPTOP);
  slow.clock.forward(24 * HOUR);
  await leavesItToThePolicy(slow, LAPTOP, /renewed already/);
});

test('the same message again gets the same certificate', async () => {
  const at = await under();
  const message = await renewal(LAPTOP);
  const first = await issuedIn(await at.service.pkiOperation(message), LAPTOP);
  assert.deepEqual(await issuedIn(await at.service.pkiOperation(message), LAPTOP), first);
  assert.equal((await stored(at)).length, 1);
});

const UNFIT: readonly [string, Promise<Keyed>, RegExp, Different?][] = [
  ['has expired', device({ notAfter: new Date(NOW.getTime() - 1000) }), /is not valid now/],
  ['begins later', device({ notBefore: new Date(NOW.getTime() + 1000) }), /is not valid now/],
  ['is not in its window', device(), /not in its renewal window/, { renewBefore: 10 * DAY }],
  ['is older than `maxLifetime`', device(), /maxLifetime/, { maxLifetime: 300 * DAY }],
  ['has another subject', device({ subject: nameFromText('CN=Grace,O=Example') }), /another subject/],
  ['lacks a name', device({ extensions: [] }), /not all names/],
  ['is a CA', device({ extensions: [NAMES, basicConstraints(true)] }), /of a CA and not of a device/],
  ['is signed with SHA-1', device({}, ndesKey, 'sha1'), /SHA-1/],
  [
    'was revoked',
    device(),
    /was revoked by the earlier CA/,
    from({ isRevoked: async (serial) => serial === '5f000001' }),
  ],
  [
    'has no valid revocation list',
    device(),
    /list is not known: connection refused/,
    from({ isRevoked: () => Promise.reject(new Error('connection refused')) }),
  ],
];
for (const [what, signer, reason, different = {}] of UNFIT)
  test(`a certificate of an earlier CA that ${what} renews nothing; with the challenge the policy decides`, async () => {
    await leavesItToThePolicy(await under({ ...from(), ...different }), await signer, reason);
  });

test('renewal: false, and an earlier CA that has ended: nothing renews', async () => {
  const off = await under({ ...from(), renewal: false });
  const content = await writeCertificationRequest({ subject: SUBJECT, extensions: [NAMES] }, rsaKey('off'));
  const answer = await off.service.pkiOperation(await requestMessage({ signer: LAPTOP, content }));
  assert.equal(await refusalIn(answer, LAPTOP), 'challenge_missing');
  const at = await under();
  at.clock.forward(2 * YEAR + 1000);
  const later = await device({ notAfter: new Date(NOW.getTime() + 4 * YEAR) });
  await leavesItToThePolicy(at, later, /earlier CA that is not valid now/);
});

test('a key that was revoked as compromised here renews nothing', async () => {
  const at = await under();
  await issuedIn(await at.service.pkiOperation(await requestMessage()));
  const [{ issuerId, serial, endpoint, transactionId, publicKeyHash }] = (await stored(at)) as [
    Awaited<ReturnType<typeof stored>>[0],
  ];
  assert.equal(publicKeyHash, hash('sha256', readCertificate(LAPTOP.certificate).spki, 'hex'));
  const audit = {
    at: NOW,
    event: 'revoked',
    endpoint,
    transactionId,
    actor: { kind: 'system' },
    source: 'job',
  } as const;
  await at.store.revoke({ issuerId, serial }, 'keyCompromise', audit);
  await leavesItToThePolicy(at, LAPTOP, /revoked as compromised/);
});

test('a key that was revoked as compromised here renews nothing, also in a certificate with a compressed point', async () => {
  const key = ecKey('compressed');
  const at = await under();
  const content = await writeCertificationRequest({ subject: SUBJECT, challenge: CHALLENGE }, key);
  assert.equal((await at.service.pkiOperation(await requestMessage({ content }))).outcome, 'issued');
  await revoke(at.store, (await stored(at))[0]!, 'keyCompromise');
  const point = ECDH.convertKey(readKey(key.spki).key, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
  const spki = sequence(sequence(oid(OID.ecPublicKey), oid(OID.p256)), bitString(point));
  const signer = { key, certificate: (await device({ spki })).certificate };
  await leavesItToThePolicy(at, signer, /revoked as compromised/);
});

test('what names the earlier CA and is signed by another key is that of an unknown signer', async () => {
  for (const by of [rsaKey('thief'), ecKey('another ca'), nextCa.key]) {
    const thief = await device({}, by);
    const answer = await (await under()).service.pkiOperation(await renewal(thief));
    assert.equal(await refusalIn(answer, thief), 'challenge_missing');
  }
});

test('its renewal gets no usage and no purpose that it lacks', async () => {
  const at = await under();
  const wide = {
    extensions: [
      NAMES,
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage([EXTENDED_KEY_USAGES.clientAuth, EXTENDED_KEY_USAGES.serverAuth]),
    ],
  };
  const certificate = await issuedIn(await at.service.pkiOperation(await renewal(LAPTOP, 'wide', wide)), LAPTOP);
  const extensions = certificateExtensions(readCertificate(certificate));
  assert.deepEqual(readKeyUsage(findExtension(extensions, OID.keyUsage)!.value), ['digitalSignature']);
  assert.deepEqual(readExtendedKeyUsage(findExtension(extensions, OID.extendedKeyUsage)!.value), ['1.3.6.1.5.5.7.3.2']);
  const server = await device({ extensions: [NAMES, extendedKeyUsage([EXTENDED_KEY_USAGES.serverAuth])] });
  const refused = await (await under()).service.pkiOperation(await renewal(server));
  assert.equal(await refusalIn(refused, server), 'request_refused');
});

test('the renewed certificate renews itself in turn, in the line that began with the one of the earlier CA', async () => {
  const at = await under({ ...from(), maxLifetime: 310 * DAY });
  const second = {
    certificate: await issuedIn(await at.service.pkiOperation(await renewal(LAPTOP)), LAPTOP),
    key: rsaKey('renewed'),
  };
  at.clock.forward(10 * DAY - 1);
  const third = await at.service.pkiOperation(await renewal(second, 'third'));
  assert.equal(third.outcome, 'issued');
  assert.equal(third.facts['earlierCa'], undefined);
  at.clock.forward(1);
  const fourth = await at.service.pkiOperation(await renewal(second, 'fourth'));
  assert.match(String(fourth.facts['detail']), /maxLifetime/);
});

test('it reads no certificate of this server with GetCert', async () => {
  const at = await under();
  const certificate = await issuedIn(await at.service.pkiOperation(await renewal(LAPTOP)), LAPTOP);
  const { issuer, serialNumber } = readCertificate(certificate);
  const content = sequence(issuer, unsignedInteger(serialNumber));
  const answer = await at.service.pkiOperation(
    await requestMessage({ messageType: 'GetCert', signer: LAPTOP, content }),
  );
  assert.equal(await refusalIn(answer, LAPTOP), 'unknown_certificate');
});

/** A CA that lets orders wait, and gives the certificate at the first poll. */
function waitingCa(): EndpointIssuer {
  const orders: Parameters<EndpointIssuer['issue']>[] = [];
  return {
    async issue(...order) {
      orders.push(order);
      return { kind: 'pending', reference: 'order 1', retryAfter: 0 };
    },
    poll: async () => authority(() => NOW).issue(...orders[0]!),
  };
}

for (const [what, revoked, expected] of [
  ['is recorded as a renewal', async () => false, 'issued'],
  ['is refused when the earlier CA revoked the certificate meanwhile', async () => true, 'renewal_refused'],
] as const)
  test(`a renewal that waited for the CA ${what}`, async () => {
    let isRevoked: () => Promise<boolean> = async () => false;
    const at = await under({ ...from({ isRevoked: () => isRevoked() }), issuer: waitingCa() });
    assert.equal((await at.service.pkiOperation(await renewal(LAPTOP))).outcome, 'pending');
    isRevoked = revoked;
    at.clock.forward(HOUR);
    const subject = issuerAndSubject(readCertificate(ndes.certificate).subject, SUBJECT);
    // The poll comes under a certificate that the client signed itself.
    const poll = await requestMessage({ messageType: 'CertPoll', content: subject });
    const answer = await at.service.pkiOperation(poll);
    if (expected !== 'issued') return assert.equal(await refusalIn(answer), expected);
    await issuedIn(answer);
    const [certificate] = await stored(at);
    assert.deepEqual(certificate!.renews, { issuerId: NDES_ID, serial: '5f000001' });
    assert.deepEqual(certificate!.firstIssuedAt, new Date(NOW.getTime() - 300 * DAY));
  });

test('when the list of the earlier CA is not known at the end of the wait, the order stays open', async () => {
  let isRevoked: () => Promise<boolean> = async () => false;
  const at = await under({ ...from({ isRevoked: () => isRevoked() }), issuer: waitingCa() });
  const message = await renewal(LAPTOP);
  await at.service.pkiOperation(message);
  at.clock.forward(HOUR);
  const poll = await requestMessage({
    messageType: 'CertPoll',
    content: issuerAndSubject(readCertificate(ndes.certificate).subject, SUBJECT),
  });
  isRevoked = () => Promise.reject(new Error('down'));
  await assert.rejects(at.service.pkiOperation(poll), /could not be finished/);
  isRevoked = async () => false;
  await issuedIn(await at.service.pkiOperation(poll));
});

/** The order of the group of P-256 (FIPS 186-5). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same certificate with the other of the two signatures that are valid for it: (r, n - s) in the place of (r, s). */
function otherSignature(certificate: Uint8Array): Uint8Array {
  const outer = DerReader.over(certificate).sequence();
  const [tbs, algorithm] = [outer.raw(TAG.sequence), outer.raw(TAG.sequence)];
  const numbers = DerReader.over(outer.bitString()).sequence();
  const r = numbers.read(TAG.integer);
  const s = P256_ORDER - BigInt(`0x${Buffer.from(numbers.read(TAG.integer)).toString('hex')}`);
  const octets = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  return sequence(tbs, algorithm, bitString(sequence(unsignedInteger(r), unsignedInteger(octets))));
}

test('a certificate of an earlier CA that is recorded here and revoked renews nothing, also with another valid signature', async () => {
  const key = ecKey('imported ca');
  const ca = await createRoot(wanted('CN=NDES CA', key, 2 * YEAR));
  const at = await under({ renewalFrom: [{ certificate: ca }] });
  const signer = await device({}, key);
  const importer = await certificateImporter({ store: at.store, clock: at.clock, ...BY_COMMAND }, [
    { certificate: ca, authority: 'issuing', endpoint: PATH },
  ]);
  assert.deepEqual(await importer(signer.certificate), { kind: 'recorded' });
  await revoke(at.store, (await stored(at))[0]!, 'cessationOfOperation');
  for (const certificate of [signer.certificate, otherSignature(signer.certificate)]) {
    const answer = await at.service.pkiOperation(await renewal({ ...signer, certificate }));
    assert.equal(await refusalIn(answer, { ...signer, certificate }), 'renewal_refused');
    assert.match(String(answer.facts['detail']), /^certificate 5f000001 is revoked/);
  }
});

test('of two certificates to which an earlier CA gave one serial number, the one that is not recorded renews nothing', async () => {
  const at = await under();
  const importer = await certificateImporter({ store: at.store, clock: at.clock, ...BY_COMMAND }, [
    { certificate: ndes.certificate, authority: 'issuing', endpoint: PATH },
  ]);
  assert.deepEqual(await importer(LAPTOP.certificate), { kind: 'recorded' });
  const twin = await device({ notAfter: new Date(NOW.getTime() + 30 * DAY) });
  assert.equal(await refusalIn(await at.service.pkiOperation(await renewal(twin)), twin), 'challenge_missing');
});
