/** Renewal: a certificate of ours is permission for the next one, for the same names and under every condition alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredCertificate } from '../../src/core/records.ts';
import { encode, oid, sequence, setOf } from '../../src/asn1/writer.ts';
import type { Extension } from '../../src/core/request.ts';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { createIssuingCa } from '../../src/ca/create.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { issuerAndSubject, selfSigned } from '../../src/client/request-message.ts';
import { certificateExtensions, readCertificate, serialText, writeCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import {
  extendedKeyUsage,
  findExtension,
  keyUsage,
  readExtendedKeyUsage,
  readKeyUsage,
  subjectAltName,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID } from '../../src/pkix/oids.ts';
import type { Issuer } from '../../src/core/issuer.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { client, clientFor, HOUR, issuing, type Keyed, nextCa, NOW, ra, random, root } from '../kit/pki.ts';
import { CHALLENGE, requestMessage } from '../kit/requests.ts';
import {
  authority,
  type Different,
  endpointUnderTest,
  issuedIn,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { type CountingPolicy, policyThat } from '../kit/policy.ts';

const SUBJECT = 'CN=Ada,O=Example';
const NAMES = ['dns:ada.example.com', 'upn:ada@example.com'];
const names = (...texts: string[]): Extension[] => [subjectAltName(texts.map(generalNameFromText))];
const FIRST = { subject: nameFromText(SUBJECT), extensions: names(...NAMES), challenge: CHALLENGE };
const RENEWAL = { subject: FIRST.subject, extensions: FIRST.extensions };
const NEW_KEY = rsaKey('renewed');

/** Allows the right challenge, like the static policy, and counts its calls. */
const challenged = (): CountingPolicy =>
  policyThat((request) => staticPolicy({ challenge: CHALLENGE }).decide(request, new AbortController().signal));

type Plan = Partial<Parameters<typeof writeCertificationRequest>[0]>;
type Enrolled = { under: Under; policy: CountingPolicy; device: Keyed };

/** A device with a certificate of this endpoint. */
async function enrolled(different: Different = {}, policy = challenged()): Promise<Enrolled> {
  const under = await endpointUnderTest(policy, different);
  const content = await writeCertificationRequest(FIRST, client.key);
  const certificate = await issuedIn(await under.service.pkiOperation(await requestMessage({ content })));
  return { under, policy, device: { certificate, key: client.key } };
}

/** A renewal by this signer, as it should be but for what is given. */
const renewal = async (
  signer: Keyed,
  plan: Plan = {},
  { messageType = 'RenewalReq', key = NEW_KEY }: { messageType?: 'PKCSReq' | 'RenewalReq'; key?: typeof NEW_KEY } = {},
) => requestMessage({ messageType, signer, content: await writeCertificationRequest({ ...RENEWAL, ...plan }, key) });

/** Refused with this code and this detail, and nothing new is issued. */
async function refuses({ under }: { under: Under }, message: Uint8Array, code: string, words?: RegExp): Promise<void> {
  const before = (await stored(under)).length;
  const answer = await under.service.pkiOperation(message);
  assert.equal(await refusalIn(answer, client), code);
  if (words) assert.match(String(answer.facts['detail']), words);
  assert.equal((await stored(under)).length, before);
}

const keyIn = (certificate: Uint8Array): string => Buffer.from(readCertificate(certificate).spki).toString('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

for (const [id, messageType, challenge] of [
  ['N01', 'RenewalReq', undefined],
  ['N01', 'RenewalReq', 'an old one'],
  ['N02', 'PKCSReq', ''],
  ['N02', 'PKCSReq', 'an old one'],
] as const)
  test(`${id} ${messageType} signed by a live certificate, new key, challenge ${JSON.stringify(challenge)}: issued, the policy is not called`, async () => {
    const { under, policy, device } = await enrolled();
    const message = await renewal(device, challenge === undefined ? {} : { challenge }, { messageType });
    const answer = await under.service.pkiOperation(message);
    const certificate = await issuedIn(answer, device);
    assert.equal(keyIn(certificate), hex(NEW_KEY.spki));
    assert.equal(policy.asked.length, 1);
    assert.equal(answer.facts['renews'], serialText(readCertificate(device.certificate).serialNumber));
    assert.deepEqual(await issuedIn(await under.service.pkiOperation(message), device), certificate);
    assert.equal((await stored(under)).length, 2);
  });

test('N01 the renewed certificate renews itself in turn, and the old one stays as it was', async () => {
  const { under, device } = await enrolled();
  const second = await issuedIn(await under.service.pkiOperation(await renewal(device)), device);
  const next = { certificate: second, key: NEW_KEY };
  const third = await under.service.pkiOperation(await renewal(next, {}, { key: rsaKey('third') }));
  await issuedIn(third, next);
  assert.deepEqual(
    (await stored(under)).map(({ state }) => state),
    ['delivered', 'delivered', 'delivered'],
  );
});

test('N03 I06 the same key and the same octets, signed by the certificate issued for them: a new certificate', async () => {
  const { under, policy, device } = await enrolled();
  const content = await writeCertificationRequest(FIRST, client.key);
  under.clock.forward(24 * HOUR - 1);
  for (const messageType of ['PKCSReq', 'RenewalReq'] as const) {
    const message = await requestMessage({ messageType, content, signer: device });
    const certificate = await issuedIn(await under.service.pkiOperation(message), device);
    assert.notDeepEqual(readCertificate(certificate).serialNumber, readCertificate(device.certificate).serialNumber);
    assert.notDeepEqual(readCertificate(certificate).validity, readCertificate(device.certificate).validity);
  }
  assert.equal((await stored(under)).length, 2, 'both are one request');
  assert.equal(policy.asked.length, 1);
  // The first request itself still has its first answer.
  assert.deepEqual(
    await issuedIn(await under.service.pkiOperation(await requestMessage({ content }))),
    Buffer.from(device.certificate),
  );
});

/**
 * A certificate that may not renew does not void a challenge: with the right one the request is enrolled like any other,
 * with a wrong one it is refused for that, and without one for this reason.
 */
async function leavesItToThePolicy(one: Enrolled, plan: Plan, reason: RegExp, under = one.under): Promise<void> {
  for (const messageType of ['PKCSReq', 'RenewalReq'] as const) {
    const key = rsaKey(messageType);
    await refuses({ under }, await renewal(one.device, plan, { messageType, key }), 'renewal_refused', reason);
    const wrong = await renewal(one.device, { ...plan, challenge: 'wrong' }, { messageType, key });
    await refuses({ under }, wrong, 'challenge_wrong');
    const message = await renewal(one.device, { ...plan, challenge: CHALLENGE }, { messageType, key });
    const answer = await under.service.pkiOperation(message);
    await issuedIn(answer, one.device);
    assert.equal(answer.facts['signedBy'], serialText(readCertificate(one.device.certificate).serialNumber));
    assert.match(String(answer.facts['notRenewed']), reason);
    assert.equal((await stored(under))[0]!.renews, undefined);
  }
}

test('N04 a certificate that has expired, or begins later, renews nothing; with the challenge the policy decides', async () => {
  const one = await enrolled();
  const { notAfter } = (await stored(one.under))[0]!;
  one.under.clock.forward(notAfter.getTime() - NOW.getTime());
  await leavesItToThePolicy(one, {}, /not valid now/);
  const other = await enrolled();
  other.under.clock.forward(-48 * HOUR);
  await leavesItToThePolicy(other, {}, /not valid now/);
});

test('N04 a revoked certificate renews nothing; with the challenge the policy decides', async () => {
  for (const reason of ['superseded', 'keyCompromise'] as const) {
    const one = await enrolled();
    await revoke(one.under.store, (await stored(one.under))[0]!, reason);
    await leavesItToThePolicy(one, {}, /revoked/);
  }
});

test('N04 a key that was revoked as compromised in another certificate renews nothing', async () => {
  const one = await enrolled();
  const content = await writeCertificationRequest({ ...FIRST, subject: nameFromText('CN=Ada') }, client.key);
  await issuedIn(await one.under.service.pkiOperation(await requestMessage({ content })));
  await revoke(one.under.store, (await stored(one.under))[0]!, 'keyCompromise');
  await leavesItToThePolicy(one, {}, /revoked as compromised/);
});

test('N04 a certificate renews once, and once more within the retention; afterwards the policy decides', async () => {
  const one = await enrolled();
  const again = async (key: string) =>
    one.under.service.pkiOperation(await renewal(one.device, {}, { key: rsaKey(key) }));
  await issuedIn(await again('second'), one.device);
  await issuedIn(await again('third'), one.device);
  await leavesItToThePolicy(one, {}, /renewed already/);
  const other = await enrolled();
  await issuedIn(await other.under.service.pkiOperation(await renewal(other.device)), other.device);
  other.under.clock.forward(24 * HOUR);
  await leavesItToThePolicy(other, {}, /renewed already/);
});

test('N04 of ten renewals of one certificate at the same time two are issued', async () => {
  const { under, device } = await enrolled();
  const messages = await Promise.all(
    Array.from({ length: 10 }, (_, n) => renewal(device, {}, { key: rsaKey(`parallel ${n}`) })),
  );
  const answers = await Promise.all(messages.map((message) => under.service.pkiOperation(message)));
  assert.equal(answers.filter(({ outcome }) => outcome === 'issued').length, 2);
  const delivered = (await stored(under)).filter(({ state }) => state === 'delivered');
  assert.equal(delivered.length, 3);
});

test('N04 maxLifetime ends a line of renewals, counted from its first certificate', async () => {
  const one = await enrolled({ maxLifetime: 500 * 24 * HOUR });
  one.under.clock.forward(300 * 24 * HOUR);
  const second = await issuedIn(await one.under.service.pkiOperation(await renewal(one.device)), one.device);
  const next = { ...one, device: { certificate: second, key: NEW_KEY } };
  one.under.clock.forward(200 * 24 * HOUR - 1);
  const third = await one.under.service.pkiOperation(await renewal(next.device, {}, { key: rsaKey('third') }));
  assert.equal(third.outcome, 'issued');
  one.under.clock.forward(1);
  await leavesItToThePolicy(next, {}, /maxLifetime/);
});

test('N04 a certificate revoked between a renewal and its repeat: the repeat gets what the renewal got', async () => {
  const { under, device } = await enrolled();
  const message = await renewal(device);
  const renewed = await issuedIn(await under.service.pkiOperation(message), device);
  const [fresh, old] = await stored(under);
  assert.deepEqual(fresh!.renews, { issuerId: old!.issuerId, serial: old!.serial });
  await revoke(under.store, (await stored(under))[1]!, 'superseded');
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(message), device), renewed);
  await refuses({ under }, await renewal(device, {}, { key: rsaKey('third') }), 'renewal_refused');
});

test('N04 a certificate that was never delivered renews nothing', async () => {
  const under = await endpointUnderTest(
    policyThat(
      (request) => (request.csr.challenge === CHALLENGE ? { kind: 'allow', notify: 'strict' } : NO_CHALLENGE),
      () => Promise.reject(new Error('not acknowledged')),
    ),
  );
  const content = await writeCertificationRequest(FIRST, client.key);
  await under.service.pkiOperation(await requestMessage({ content }));
  const [{ der, deliveredAt }] = (await stored(under)) as [StoredCertificate];
  assert.equal(deliveredAt, undefined);
  const message = await renewal({ certificate: der, key: client.key });
  await refuses({ under }, message, 'renewal_refused', /never delivered/);
});
const NO_CHALLENGE = { kind: 'deny', code: 'challenge_missing', detail: 'a test' } as const;

/** A leaf of another CA, or a self-signed one, with the same contents as a certificate of this server. */
async function forged(device: Keyed, signer: Keyed['key'], spki = client.key.spki): Promise<Uint8Array> {
  const { serialNumber, issuer, subject } = readCertificate(device.certificate);
  return writeCertificate(
    {
      serialNumber,
      issuer,
      subject,
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + HOUR),
      spki,
      extensions: [],
    },
    signer,
  );
}

test('N04 a certificate with the issuer name and the serial number of ours, signed by itself or another CA', async () => {
  const one = await enrolled();
  const thief = rsaKey('thief');
  for (const signedBy of [thief, ecKey('other CA'), issuing.key]) {
    const signer = { certificate: await forged(one.device, signedBy, thief.spki), key: thief };
    const answer = await one.under.service.pkiOperation(await renewal(signer));
    assert.equal(await refusalIn(answer, signer), 'challenge_missing');
    const detail = String(answer.facts['detail']);
    assert.equal(detail.includes('signed by this CA, but not in the store'), signedBy === issuing.key, detail);
  }
  assert.equal((await stored(one.under)).length, 1);
});

test('N04 the certificate of another client in the message, and another key that signs', async () => {
  const one = await enrolled();
  const message = await renewal({ certificate: one.device.certificate, key: rsaKey('thief') });
  const answer = await one.under.service.pkiOperation(message);
  assert.equal(await refusalIn(answer, one.device), 'signature_invalid');
});

test('N04 a certificate of another CA under the same root renews nothing', async () => {
  const key = ecKey('sibling');
  const wanted = { subject: 'CN=Sibling', key, validity: 30 * 24 * HOUR, backdate: HOUR, clock: () => NOW, random };
  const sibling = { certificate: await createIssuingCa(wanted, root), key };
  const one = await enrolled();
  const issuer = localAuthority({
    ...sibling,
    chain: [root.certificate],
    profile: DEFAULT_PROFILE,
    clock: () => NOW,
    random,
  });
  const other = await enrolled({
    issuer,
    chain: [sibling.certificate, root.certificate],
    store: one.under.store,
    path: '/scep/sibling',
  });
  const answer = await one.under.service.pkiOperation(await renewal(other.device));
  assert.equal(await refusalIn(answer, other.device), 'renewal_refused');
  assert.match(String(answer.facts['detail']), /belongs to another endpoint/);
});

test('N09 after the CA of an endpoint was replaced, certificates of the earlier CA renew, and the new one issues', async () => {
  const one = await enrolled();
  const next = { ...nextCa, chain: [root.certificate], profile: DEFAULT_PROFILE, clock: () => NOW, random };
  const after = await endpointUnderTest(challenged(), {
    store: one.under.store,
    issuer: localAuthority(next),
    chain: [nextCa.certificate, root.certificate],
  });
  const certificate = await issuedIn(await after.service.pkiOperation(await renewal(one.device)), one.device);
  assert.deepEqual(readCertificate(certificate).issuer, readCertificate(nextCa.certificate).subject);
  const [renewed, first] = await stored(after);
  assert.deepEqual(renewed!.renews, { issuerId: first!.issuerId, serial: first!.serial });
  assert.notEqual(renewed!.issuerId, first!.issuerId);
});

test('N04 outside the window: refused before it and served in it', async () => {
  const one = await enrolled({ renewBefore: 30 * 24 * HOUR });
  const message = await renewal(one.device);
  await refuses(one, message, 'renewal_refused', /window/);
  const { notAfter } = (await stored(one.under))[0]!;
  one.under.clock.forward(notAfter.getTime() - NOW.getTime() - 30 * 24 * HOUR - 1);
  await refuses(one, message, 'renewal_refused', /window/);
  one.under.clock.forward(1);
  await issuedIn(await one.under.service.pkiOperation(message), one.device);
});

const OTHER_NAMES: Readonly<Record<string, Plan>> = {
  'another subject': { subject: nameFromText('CN=Grace,O=Example') },
  'a subject with one RDN more': { subject: nameFromText(`OU=Admins,${SUBJECT}`) },
  'a subject in other letters': { subject: nameFromText('CN=ADA,O=Example') },
  'a subject in other order': { subject: nameFromText('O=Example,CN=Ada') },
  'no subject': { subject: nameFromText('') },
  'an added DNS name': { extensions: names(...NAMES, 'dns:dc.example.com') },
  'an added UPN': { extensions: names(...NAMES, 'upn:administrator@example.com') },
  'another UPN': { extensions: names('upn:administrator@example.com') },
  'a UPN in other letters': { extensions: names('upn:Ada@example.com') },
  'the UPN as e-mail address': { extensions: names('email:ada@example.com') },
};
for (const [what, plan] of Object.entries(OTHER_NAMES))
  test(`N05 ${what}: no renewal; with the challenge the policy decides`, async () => {
    await leavesItToThePolicy(await enrolled(), plan, /another subject|not all names/);
  });

const UNACCEPTABLE: Readonly<Record<string, Plan>> = {
  'an added SID': { extensions: names(...NAMES, 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500') },
  'names that cannot be read': {
    extensions: [{ oid: OID.subjectAltName, critical: false, value: Buffer.from('30050203', 'hex') }],
  },
};
for (const [what, plan] of Object.entries(UNACCEPTABLE))
  test(`N05 ${what}: no renewal, and with the challenge no certificate either`, async () => {
    const one = await enrolled();
    await refuses(one, await renewal(one.device, plan), 'renewal_refused', /not all names/);
    const answer = await one.under.service.pkiOperation(await renewal(one.device, { ...plan, challenge: CHALLENGE }));
    assert.match(String(await refusalIn(answer, one.device)), /^(subject|request)_refused$/);
    assert.equal((await stored(one.under)).length, 1);
  });

test('N05 dropped and reordered names: issued with those that were asked for', async () => {
  for (const extensions of [[], names(NAMES[0]!), names(...NAMES.toReversed())]) {
    const { under, device } = await enrolled();
    await issuedIn(await under.service.pkiOperation(await renewal(device, { extensions })), device);
  }
});

test('N05 names that were dropped once do not come back', async () => {
  const { under, device } = await enrolled();
  const fewer = await renewal(device, { extensions: names(NAMES[0]!) });
  const certificate = await issuedIn(await under.service.pkiOperation(fewer), device);
  const next = { certificate, key: NEW_KEY };
  const answer = await under.service.pkiOperation(await renewal(next, {}, { key: rsaKey('third') }));
  assert.equal(await refusalIn(answer, next), 'renewal_refused');
});

const WIDE = {
  ...DEFAULT_PROFILE,
  keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment'],
  extendedKeyUsage: [EXTENDED_KEY_USAGES.clientAuth, EXTENDED_KEY_USAGES.emailProtection],
} as const;
const wideCa = (): Issuer =>
  localAuthority({ ...issuing, chain: [root.certificate], profile: WIDE, clock: () => NOW, random });
const purposesIn = (certificate: Uint8Array) => {
  const find = (oid: string) => findExtension(certificateExtensions(readCertificate(certificate)), oid)!.value;
  return [readKeyUsage(find(OID.keyUsage)), readExtendedKeyUsage(find(OID.extendedKeyUsage))];
};

test('N05 a renewal has no usage and no purpose that the renewed certificate lacks', async () => {
  const narrow = [keyUsage(['digitalSignature']), extendedKeyUsage([EXTENDED_KEY_USAGES.clientAuth])];
  const under = await endpointUnderTest(challenged(), { issuer: wideCa() });
  const content = await writeCertificationRequest(
    { ...FIRST, extensions: [...FIRST.extensions, ...narrow] },
    client.key,
  );
  const certificate = await issuedIn(await under.service.pkiOperation(await requestMessage({ content })));
  const device = { certificate, key: client.key };
  const wide = [keyUsage(WIDE.keyUsage), extendedKeyUsage(WIDE.extendedKeyUsage)];
  const asked = await renewal(device, { extensions: [...RENEWAL.extensions, ...wide] });
  const silent = await renewal(device, {}, { key: rsaKey('third') });
  for (const message of [asked, silent])
    assert.deepEqual(purposesIn(await issuedIn(await under.service.pkiOperation(message), device)), [
      ['digitalSignature'],
      ['1.3.6.1.5.5.7.3.2'],
    ]);
  const mail = [extendedKeyUsage([EXTENDED_KEY_USAGES.emailProtection])];
  const other = await renewal(device, { extensions: [...RENEWAL.extensions, ...mail] }, { key: rsaKey('fourth') });
  assert.notEqual((await under.service.pkiOperation(other)).outcome, 'issued');
});

test('N06 RenewalReq with a self-signed signer: refused without challenge, enrolled with a valid one', async () => {
  const { under, policy } = await enrolled();
  const otherClient = await clientFor(rsaKey('thief'), SUBJECT);
  const without = await under.service.pkiOperation(await renewal(otherClient));
  assert.equal(await refusalIn(without, otherClient), 'challenge_missing');
  const wrong = await under.service.pkiOperation(await renewal(otherClient, { challenge: 'wrong' }));
  assert.equal(await refusalIn(wrong, otherClient), 'challenge_wrong');
  assert.equal((await stored(under)).length, 1);
  await issuedIn(await under.service.pkiOperation(await renewal(otherClient, { challenge: CHALLENGE })), otherClient);
  assert.equal(policy.asked.length, 4);
});

test('N06 a self-signed certificate that bears the name of our CA is still self-signed', async () => {
  const { under } = await enrolled();
  const key = rsaKey('thief');
  const signer = { key, certificate: await selfSigned(key, nameFromText('CN=Test Issuing'), () => NOW, random) };
  assert.equal(await refusalIn(await under.service.pkiOperation(await renewal(signer)), signer), 'challenge_missing');
});

test('N06 the certificate of the RA or the CA renews nothing', async () => {
  const { under } = await enrolled();
  const answer = await under.service.pkiOperation(await renewal(ra));
  assert.equal(await refusalIn(answer, ra), 'challenge_missing');
});

test('N07 with renewal off: not in GetCACaps, RenewalReq refused, and a PKCSReq needs a challenge like any other', async () => {
  const { under, device } = await enrolled({ renewal: false });
  assert.doesNotMatch(under.service.capabilities, /Renewal/);
  const refused = await under.service.pkiOperation(await renewal(device));
  assert.equal(await refusalIn(refused, device), 'message_type_refused');
  const unchallenged = await under.service.pkiOperation(await renewal(device, {}, { messageType: 'PKCSReq' }));
  assert.equal(await refusalIn(unchallenged, device), 'challenge_missing');
  assert.equal((await stored(under)).length, 1);
  const challenge = CHALLENGE;
  await issuedIn(
    await under.service.pkiOperation(await renewal(device, { challenge }, { messageType: 'PKCSReq' })),
    device,
  );
});

test('N07 with renewal on it is in GetCACaps', async () => {
  const { under } = await enrolled();
  assert.match(under.service.capabilities, /^Renewal$/m);
});

test('N08 a certificate of another endpoint renews nothing here; with the challenge the policy decides', async () => {
  const other = await enrolled({ path: '/scep/lab' });
  const here = await endpointUnderTest(challenged(), { store: other.under.store });
  await leavesItToThePolicy(other, {}, /another endpoint/, here);
});

test('where one key is demanded, a certificate that may not renew signs for no other key', async () => {
  const { under, device } = await enrolled({ requireSignerKeyMatch: true });
  const answer = await under.service.pkiOperation(
    await renewal(device, { subject: nameFromText('CN=Grace'), challenge: CHALLENGE }),
  );
  assert.equal(await refusalIn(answer, device), 'signer_key_mismatch');
});

test('where one key is demanded, a renewal of a new key is served all the same', async () => {
  const { under, device } = await enrolled({ requireSignerKeyMatch: true });
  await issuedIn(await under.service.pkiOperation(await renewal(device)), device);
});

test('where an administrator approves, renewals do not wait', async () => {
  const { under, device } = await enrolled();
  const approving = await endpointUnderTest(challenged(), { store: under.store, approval: 'manual' });
  await issuedIn(await approving.service.pkiOperation(await renewal(device)), device);
});

/** As Intune and webhooks: asked about renewals too. */
const deciding = (): CountingPolicy => Object.assign(challenged(), { decidesRenewals: true });

test('a policy that decides about renewals is asked about each, under both message types', async () => {
  for (const messageType of ['PKCSReq', 'RenewalReq'] as const) {
    const one = await enrolled({}, deciding());
    const answer = await one.under.service.pkiOperation(await renewal(one.device, {}, { messageType }));
    assert.equal(await refusalIn(answer, one.device), 'challenge_missing');
    assert.equal(one.policy.asked.length, 2);
    const message = await renewal(one.device, { challenge: CHALLENGE }, { messageType });
    await issuedIn(await one.under.service.pkiOperation(message), one.device);
    assert.equal(one.policy.asked.length, 3);
  }
});

test('such a policy gets what is renewed, and only when the certificate could renew itself', async () => {
  const one = await enrolled({}, deciding());
  const renewsAsked = async (plan: object = {}, under = one.under) => {
    await under.service.pkiOperation(await renewal(one.device, plan));
    return one.policy.asked.at(-1)!.renews;
  };
  const renewed = (await stored(one.under))[0]!;
  const { serial, notAfter } = renewed;
  assert.equal(one.policy.asked[0]!.renews, undefined);
  assert.deepEqual(await renewsAsked(), { serial, certificate: new Uint8Array(one.device.certificate) });
  assert.equal(await renewsAsked({ subject: nameFromText('CN=Grace') }), undefined);
  assert.equal(await renewsAsked({ extensions: names('dns:dc.example.com') }), undefined);
  const elsewhere = await endpointUnderTest(one.policy, { store: one.under.store, path: '/scep/lab' });
  assert.equal(await renewsAsked({}, elsewhere), undefined);
  const early = await endpointUnderTest(one.policy, { store: one.under.store, renewBefore: HOUR });
  assert.equal(await renewsAsked({}, early), undefined);
  const off = await endpointUnderTest(one.policy, { store: one.under.store, renewal: false });
  const content = await writeCertificationRequest(RENEWAL, NEW_KEY);
  await off.service.pkiOperation(await requestMessage({ content, signer: one.device }));
  assert.equal(one.policy.asked.at(-1)!.renews, undefined);
  one.under.clock.forward(notAfter.getTime() - NOW.getTime());
  assert.equal(await renewsAsked(), undefined);
  one.under.clock.forward(NOW.getTime() - notAfter.getTime());
  await revoke(one.under.store, renewed, 'superseded');
  assert.equal(await renewsAsked(), undefined);
});

test('of 20 parallel renewals that are the same one is issued', async () => {
  const { under, device } = await enrolled();
  const message = await renewal(device);
  const answers = await Promise.all(Array.from({ length: 20 }, () => under.service.pkiOperation(message)));
  const certificates = await Promise.all(answers.map(async (answer) => hex(await issuedIn(answer, device))));
  assert.equal(new Set(certificates).size, 1);
  assert.equal((await stored(under)).length, 2);
});

test('N05 a subject with half a character, which the store cannot keep, is renewed only as it is', async () => {
  const half = sequence(setOf(sequence(oid('2.5.4.3'), encode(0x1e, Buffer.of(0, 0x41, 0xd8, 0)))));
  const vendor: Issuer = {
    async issue({ csr }) {
      const certificate = await writeCertificate(
        {
          serialNumber: Buffer.of(7),
          issuer: readCertificate(issuing.certificate).subject,
          subject: csr.subject,
          notBefore: new Date(NOW.getTime() - HOUR),
          notAfter: new Date(NOW.getTime() + HOUR),
          spki: csr.spki,
          extensions: [],
        },
        issuing.key,
      );
      return { kind: 'issued', certificate, chain: [issuing.certificate, root.certificate] };
    },
  };
  const under = await endpointUnderTest(challenged(), { issuer: vendor });
  const content = await writeCertificationRequest({ subject: half, challenge: CHALLENGE }, client.key);
  const certificate = await issuedIn(await under.service.pkiOperation(await requestMessage({ content })));
  const device = { certificate, key: client.key };
  const other = await renewal(device, { subject: nameFromText('CN=A\ufffd'), extensions: [] });
  await refuses({ under }, other, 'renewal_refused', /another subject/);
});

test('a request that waits keeps the certificate of this server that signed it, also when it is polled under another one', async () => {
  const one = await enrolled();
  const under = await endpointUnderTest(challenged(), { store: one.under.store, approval: 'manual' });
  const wish = { subject: nameFromText('CN=Grace'), challenge: CHALLENGE };
  const message = await renewal(one.device, wish);
  assert.equal((await under.service.pkiOperation(message)).outcome, 'pending');
  const [listed] = await under.store.listPending();
  const waiting = async () => under.store.findTransaction(listed!.key);
  assert.deepEqual(Buffer.from((await waiting())!.signedBy!), Buffer.from(one.device.certificate));
  const content = issuerAndSubject(readCertificate(issuing.certificate).subject, wish.subject);
  const poll = await requestMessage({ messageType: 'CertPoll', content });
  assert.equal((await under.service.pkiOperation(poll)).outcome, 'pending');
  assert.ok((await waiting())!.signedBy);
});

for (const [reason, code] of [
  ['superseded', 'renewal_refused'],
  ['keyCompromise', 'renewal_refused'],
] as const)
  test(`a certificate that is revoked (${reason}) while the CA makes its renewal has no renewal`, async () => {
    const { device, under } = await enrolled({ issuer: slowIssuer });
    meanwhile = async () => void (await revoke(under.store, (await stored(under))[0]!, reason));
    const content = await writeCertificationRequest(RENEWAL, NEW_KEY);
    const answer = await under.service.pkiOperation(await requestMessage({ signer: device, content }));
    assert.equal(await refusalIn(answer, device), code);
    assert.deepEqual(
      (await stored(under)).map(({ state }) => state),
      ['revoked'],
    );
  });

test('a key that is revoked as compromised while the CA makes another certificate for it is not certified', async () => {
  const { under } = await enrolled({ issuer: slowIssuer });
  meanwhile = async () => void (await revoke(under.store, (await stored(under))[0]!, 'keyCompromise'));
  const content = await writeCertificationRequest({ ...FIRST, subject: nameFromText('CN=Grace') }, client.key);
  const answer = await under.service.pkiOperation(await requestMessage({ content }));
  assert.equal(await refusalIn(answer), 'key_compromised');
  assert.equal((await stored(under)).length, 1);
});

/** What happens while the next certificate is made. */
let meanwhile: () => Promise<void> = async () => {};
const slowIssuer: Issuer = {
  async issue(...order) {
    await meanwhile();
    meanwhile = async () => {};
    return authority(() => NOW).issue(...order);
  },
};
