/** A certificate of an issuer goes out only when it is the one that was requested, validly signed by the CA it names. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, oid } from '../../src/asn1/writer.ts';
import type { Issued, Issuer, IssuerCapabilities, RevocationOrder } from '../../src/core/issuer.ts';
import { type CertificatePlan, readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { endpointUnderTest, issuedIn, refusalIn, stored } from '../kit/endpoint-under-test.ts';
import { ecKey } from '../kit/keys.ts';
import { client, DAY, HOUR, issuing, NOW, root } from '../kit/pki.ts';
import { allows, policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

/** A request for CN=device-1,O=Example and dns:device-1.example.com. */
const MESSAGE = await requestMessage({});

const san = (...names: string[]) => subjectAltName(names.map(generalNameFromText));
const names = san('dns:device-1.example.com');
const [clientAuth, serverAuth] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'];
const purposes = extendedKeyUsage([clientAuth]);

type Vendor = { capabilities?: IssuerCapabilities } & Pick<Issued, 'wantedEnd' | 'latestEnd' | 'allowedPurposes'>;
/** A vendor's CA, which certifies what was requested but for what is given. */
const vendor = (different: Partial<CertificatePlan>, key = issuing.key, more: Vendor = {}): Issuer => ({
  ...(more.capabilities && { capabilities: more.capabilities }),
  async issue({ csr }) {
    const plan: CertificatePlan = {
      serialNumber: Buffer.of(7),
      issuer: readCertificate(issuing.certificate).subject,
      subject: csr.subject,
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + 400 * DAY),
      spki: csr.spki,
      extensions: [names, purposes],
      ...different,
    };
    const certificate = await writeCertificate(plan, key);
    const chain = [issuing.certificate, root.certificate];
    const { capabilities: _, ...ends } = more;
    return { kind: 'issued', certificate, chain, ...ends };
  },
});

const END = new Date(NOW.getTime() + 30 * DAY);
const ADDS = { capabilities: { addsCommonName: true } };
const [anyPurpose, codeSigning] = ['2.5.29.37.0', '1.3.6.1.5.5.7.3.3'];
const CLIENTS_ONLY = { allowedPurposes: [clientAuth] };
const LEAVES_OUT = { capabilities: { leavesOut: true } };

const REFUSED: readonly [string, Issuer, string][] = [
  [
    'another subject',
    vendor({ subject: nameFromText('CN=Administrator') }),
    'the issuer certified another subject: "CN=Administrator"',
  ],
  [
    'an attribute more',
    vendor({ subject: nameFromText('CN=device-1,OU=Admins,O=Example') }),
    'the issuer certified another subject: "CN=device-1,OU=Admins,O=Example"',
  ],
  [
    'an attribute of the subject less',
    vendor({ subject: nameFromText('CN=device-1') }),
    'the issuer certified another subject: "CN=device-1"',
  ],
  [
    'no subjectAltName',
    vendor({ extensions: [purposes] }),
    'the issuer left out the subjectAltName dns:"device-1.example.com"',
  ],
  [
    'the common name as DNS name, from a CA that does not say that it adds it',
    vendor({ extensions: [san('dns:device-1.example.com', 'dns:device-1'), purposes] }),
    'the issuer added the subjectAltName dns:"device-1"',
  ],
  [
    'another DNS name, from a CA that adds the common name',
    vendor({ extensions: [san('dns:device-1.example.com', 'dns:device-2'), purposes] }, issuing.key, ADDS),
    'the issuer added the subjectAltName dns:"device-2"',
  ],
  [
    'another purpose than was requested',
    vendor({ extensions: [names, extendedKeyUsage([serverAuth])] }),
    'the issuer left out the extendedKeyUsage clientAuth',
  ],
  [
    'every purpose beside the requested one',
    vendor({ extensions: [names, extendedKeyUsage([clientAuth, anyPurpose])] }),
    'the issuer certified anyExtendedKeyUsage, which is every purpose, and the request has it not',
  ],
  [
    'code signing, which the profile does not allow,',
    vendor({ extensions: [names, extendedKeyUsage([clientAuth, codeSigning])] }, issuing.key, CLIENTS_ONLY),
    'the issuer certified the extendedKeyUsage codeSigning, which the profile does not allow',
  ],
  [
    'every purpose, which the profile does not allow,',
    vendor({ extensions: [names, extendedKeyUsage([clientAuth, anyPurpose])] }, issuing.key, CLIENTS_ONLY),
    'the issuer certified the extendedKeyUsage anyExtendedKeyUsage, which the profile does not allow',
  ],
  [
    'no purpose from a CA that leaves purposes out, for a profile with one,',
    vendor({ extensions: [names] }, issuing.key, { ...LEAVES_OUT, ...CLIENTS_ONLY }),
    'the issuer certified no extendedKeyUsage, which is every purpose',
  ],
  ['no purpose', vendor({ extensions: [names] }), 'the issuer left out the extendedKeyUsage clientAuth'],
  [
    'a longer validity than was ordered',
    vendor({ notAfter: new Date(END.getTime() + 61_000) }, issuing.key, { wantedEnd: END }),
    'the issuer certified until 2026-03-31T12:01:01.000Z, not 2026-03-31T12:00:00.000Z as ordered',
  ],
  [
    'a shorter validity than was ordered',
    vendor({ notAfter: new Date(END.getTime() - HOUR - 1000) }, issuing.key, { wantedEnd: END }),
    'the issuer certified until 2026-03-31T10:59:59.000Z, not 2026-03-31T12:00:00.000Z as ordered',
  ],
  [
    'a longer validity than the profile allows',
    vendor({ notAfter: new Date(END.getTime() + 61_000) }, issuing.key, { latestEnd: END }),
    'the issuer certified until 2026-03-31T12:01:01.000Z, and the profile allows 2026-03-31T12:00:00.000Z',
  ],
  ['no subject', vendor({ subject: nameFromText('') }), 'the issuer certified another subject: ""'],
  [
    'another name',
    vendor({ extensions: [san('dns:other.example.com')] }),
    'the issuer added the subjectAltName dns:"other.example.com"',
  ],
  [
    'a name more',
    vendor({ extensions: [san('dns:device-1.example.com', 'upn:admin@example.com')] }),
    'the issuer added the subjectAltName otherName:"admin@example.com"',
  ],
  ['another key', vendor({ spki: ecKey('another').spki }), 'the issuer certified another key'],
  ['the rights of a CA', vendor({ extensions: [basicConstraints(true)] }), 'the issuer made a CA'],
  [
    'the key usage of a CA',
    vendor({ extensions: [names, keyUsage(['digitalSignature', 'keyCertSign'])] }),
    'the issuer certified the key usage keyCertSign of a CA',
  ],
  [
    'OCSP signing',
    vendor({ extensions: [names, extendedKeyUsage(['1.3.6.1.5.5.7.3.9'])] }),
    'the issuer certified ocspSigning, which lets the device sign OCSP responses for all certificates of the CA',
  ],
  [
    'the purpose of an RA',
    vendor({ extensions: [names, extendedKeyUsage(['1.3.6.1.4.1.311.20.2.1'])] }),
    'the issuer certified certificateRequestAgent, which lets the device request certificates in the name of others, and pose as the RA',
  ],
  [
    'a validity that has ended',
    vendor({ notAfter: NOW }),
    'the issuer certified until 2026-03-01T12:00:00.000Z, which has passed',
  ],
  [
    'a validity that begins tomorrow',
    vendor({ notBefore: new Date(NOW.getTime() + DAY) }),
    'the issuer certified from 2026-03-02T12:00:00.000Z, which is in the future',
  ],
  [
    'the signature of another CA',
    vendor({}, ecKey('foreign CA')),
    'the certificate is not signed with the key of the issuer that it names',
  ],
];
for (const [what, issuer, detail] of REFUSED)
  test(`Q08 a certificate with ${what} is not recorded and not sent`, async () => {
    const under = await endpointUnderTest(allows('none'), { issuer });
    const answer = await under.service.pkiOperation(MESSAGE);
    assert.equal(await refusalIn(answer), 'issuer_failed');
    assert.equal(answer.facts['detail'], detail);
    assert.deepEqual(await stored(under), []);
  });

const ACCEPTED: readonly [string, Issuer][] = [
  ['the requested names', vendor({})],
  [
    'the attributes of the subject in another order and letter case',
    vendor({ subject: nameFromText('O=EXAMPLE,CN=Device-1') }),
  ],
  [
    'one attribute of the subject, when it says that it leaves names out',
    vendor({ subject: nameFromText('CN=device-1') }, issuing.key, LEAVES_OUT),
  ],
  ['no subjectAltName and no purpose, when it says so', vendor({ extensions: [] }, issuing.key, LEAVES_OUT)],
  [
    'the common name as DNS name too, when it says so',
    vendor({ extensions: [san('dns:DEVICE-1', 'dns:device-1.example.com'), purposes] }, issuing.key, ADDS),
  ],
  [
    'usages of its own',
    vendor({ extensions: [names, keyUsage(['keyAgreement']), extendedKeyUsage([serverAuth, clientAuth])] }),
  ],
  [
    'a purpose more that the profile allows',
    vendor({ extensions: [names, extendedKeyUsage([serverAuth, clientAuth])] }, issuing.key, {
      allowedPurposes: [clientAuth, serverAuth],
    }),
  ],
  [
    'every purpose, where the profile allows that',
    vendor({ extensions: [names, extendedKeyUsage([clientAuth, anyPurpose])] }, issuing.key, {
      allowedPurposes: [anyPurpose],
    }),
  ],
  [
    'a shorter validity than the profile allows',
    vendor({ notAfter: new Date(END.getTime() - 20 * DAY) }, issuing.key, { latestEnd: END }),
  ],
  [
    'a validity that ends a minute after what was ordered',
    vendor({ notAfter: new Date(END.getTime() + 60_000) }, issuing.key, { wantedEnd: END }),
  ],
  [
    'a validity that ends some minutes before, by its own clock',
    vendor({ notAfter: new Date(END.getTime() - HOUR) }, issuing.key, { wantedEnd: END }),
  ],
  [
    'a validity of 30 years that begins in 59 minutes',
    vendor({ notBefore: new Date(NOW.getTime() + HOUR - 1000), notAfter: new Date(NOW.getTime() + 30 * 365 * DAY) }),
  ],
];
for (const [what, issuer] of ACCEPTED)
  test(`a CA of a vendor may certify ${what}`, async () => {
    const under = await endpointUnderTest(allows('none'), { issuer });
    await issuedIn(await under.service.pkiOperation(MESSAGE));
    assert.equal((await stored(under)).length, 1);
  });

test('a CA that leaves purposes out may not, where the policy has compared them', async () => {
  const issuer = vendor({ extensions: [names] }, issuing.key, LEAVES_OUT);
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', vouchesForPurposes: true }));
  const under = await endpointUnderTest(policy, { issuer });
  const answer = await under.service.pkiOperation(MESSAGE);
  assert.equal(answer.facts['detail'], 'the issuer left out the extendedKeyUsage clientAuth');
});

test('a refused certificate is revoked at the CA, which has made it', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const under = await endpointUnderTest(allows('none'), { issuer: vendor({ extensions: [purposes] }), revoker });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'issuer_failed');
  assert.equal(await under.revocations(), 1);
  assert.deepEqual(
    revoked.map(({ serial, reason }) => [serial, reason]),
    [['07', 'cessationOfOperation']],
  );
});

test('a certificate of a CA that is not one of the endpoint is refused, although the CA signed it', async () => {
  const under = await endpointUnderTest(allows('none'), { issuer: vendor({}), chain: [root.certificate] });
  const answer = await under.service.pkiOperation(MESSAGE);
  assert.equal(await refusalIn(answer), 'issuer_failed');
  const { subject } = new X509Certificate(issuing.certificate);
  assert.equal(answer.facts['detail'], `the certificate is of "${subject}", which is no CA of this endpoint`);
  assert.deepEqual(await stored(under), []);
});

/** An otherName of this type, DER, whose value is a string with this tag. */
const otherName = (type: string, tag: number, text: string): Uint8Array =>
  encode(explicit(0), oid(type), encode(explicit(0), encode(tag, Buffer.from(text))));
const [UTF8, IA5] = [0x0c, 0x16];
const UPN = '1.3.6.1.4.1.311.20.2.3';
for (const [what, requested, certified, outcome] of [
  [
    'a user principal name in another type of string',
    otherName(UPN, UTF8, 'ada@example.com'),
    otherName(UPN, IA5, 'ada@example.com'),
    'issued',
  ],
  [
    'another user principal name',
    otherName(UPN, UTF8, 'ada@example.com'),
    otherName(UPN, UTF8, 'admin@example.com'),
    'refused',
  ],
  [
    'an otherName of a type of its own, unchanged',
    otherName('1.2.3.4', UTF8, 'ada'),
    otherName('1.2.3.4', UTF8, 'ada'),
    'issued',
  ],
  [
    'another value in an otherName of a type of its own',
    otherName('1.2.3.4', UTF8, 'ada'),
    otherName('1.2.3.4', UTF8, 'admin'),
    'refused',
  ],
] as const)
  test(`a CA of a vendor certifies ${what}: ${outcome}`, async () => {
    const plan = { ...REQUEST_PLAN, extensions: [subjectAltName([requested])] };
    const content = await writeCertificationRequest(plan, client.key);
    // Twice, so that the names are compared one by one.
    const issuer = vendor({ extensions: [subjectAltName([certified, certified]), purposes] });
    const under = await endpointUnderTest(allows('none'), { issuer });
    assert.equal((await under.service.pkiOperation(await requestMessage({ content }))).outcome, outcome);
  });
