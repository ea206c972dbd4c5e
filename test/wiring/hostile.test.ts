/** Requests that want more than they may have, at a running server: each gets what the profile allows, or is refused. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  bitString,
  encode,
  nullValue,
  oid,
  octetString,
  sequence,
  setOf,
  unsignedInteger,
} from '../../src/asn1/writer.ts';
import { explicit } from '../../src/asn1/tags.ts';
import type { Extension } from '../../src/core/request.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  findExtension,
  keyUsage,
  subjectAltName,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { requestDer } from '../ca/authority-under-test.ts';
import { attribute } from '../kit/forge.ts';
import { deviceKey, enrolled, newSubject } from './device.ts';
import { CHALLENGE, PLAIN, shared } from './server.ts';

const server = shared({
  profiles: { device: {}, sid: { sid: 'uri' } },
  endpoints: [PLAIN, { ...PLAIN, path: '/sid', profile: 'sid' }].map((each) => ({ profile: 'device', ...each })),
});

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const ANY = '2.5.29.37.0';
const SID = '1.3.6.1.4.1.311.25.2';
const ADMINISTRATOR = 'S-1-5-21-1-2-3-500';

const challenge = attribute('1.2.840.113549.1.9.7', encode(0x13, Buffer.from(CHALLENGE)));
const bmp = (text: string): Uint8Array => encode(0x1e, Buffer.from(text, 'utf16le').swap16());
const pair = (name: string, value: string): Uint8Array =>
  sequence(oid('1.3.6.1.4.1.311.13.2.1'), setOf(sequence(bmp(name), bmp(value))));
const validity = (count: string, unit: string) => [pair('ValidityPeriod', unit), pair('ValidityPeriodUnits', count)];

type Asked = { extensions?: readonly Extension[]; attributes?: readonly Uint8Array[]; key?: typeof deviceKey };

/** What the request gets at an endpoint: the certificate, or the status of the refusal. */
async function given({ attributes = [], ...asked }: Asked, path = '/plain'): Promise<X509Certificate | string> {
  const csr = await requestDer({
    subject: newSubject(),
    key: deviceKey,
    attributes: [challenge, ...attributes],
    ...asked,
  });
  const { status, der } = await enrolled((await server()).url(path), { csr });
  return status === 'issued' ? new X509Certificate(der) : status;
}

async function issued(asked: Asked, path?: string): Promise<X509Certificate> {
  const certificate = await given(asked, path);
  assert.ok(typeof certificate !== 'string', String(certificate));
  return certificate;
}

const valueOf = ({ raw }: X509Certificate, id: string): string | undefined => {
  const found = findExtension(certificateExtensions(readCertificate(raw)), id);
  return found && Buffer.from(found.value).toString('hex');
};

const days = ({ validTo }: X509Certificate): number => Math.round((Date.parse(validTo) - Date.now()) / 86_400_000);

test('a request to be a CA gets a certificate of a device', async () => {
  const extensions = [basicConstraints(true), keyUsage(['digitalSignature', 'keyCertSign', 'cRLSign'])];
  const certificate = await issued({ extensions });
  assert.deepEqual(
    [certificate.ca, valueOf(certificate, '2.5.29.19'), valueOf(certificate, '2.5.29.15')],
    [false, '3000', '03020780'],
  );
});

test('a request for OCSP signing beside client authentication gets client authentication', async () => {
  const certificate = await issued({ extensions: [extendedKeyUsage([OCSP_SIGNING, ANY, CLIENT_AUTH])] });
  assert.deepEqual(certificate.keyUsage, [CLIENT_AUTH]);
});

const sidExtension: Extension = {
  oid: SID,
  critical: false,
  value: sequence(encode(explicit(0), oid(`${SID}.1`), encode(explicit(0), octetString(Buffer.from(ADMINISTRATOR))))),
};
for (const path of ['/plain', '/sid'])
  test(`a request with the SID of another account gets a certificate without it: ${path}`, async () =>
    assert.equal(valueOf(await issued({ extensions: [sidExtension] }, path), SID), undefined));

for (const [wish, attributes, expected] of [
  ['minus one day', validity('-1', 'Days'), 365],
  ['no day', validity('0', 'Days'), 365],
  ['10,000 years', validity('10000', 'Years'), 730],
  ['a number beyond all calendars', validity('9999999999', 'Years'), 730],
] as const)
  test(`a request for a validity of ${wish} gets ${expected} days`, async () =>
    assert.equal(days(await issued({ attributes })), expected));

test('a request with 500 names gets 500 names', async () => {
  const names = Array.from({ length: 500 }, (_, i) => generalNameFromText(`dns:host-${i}.example.com`));
  const { subjectAltName: certified } = await issued({ extensions: [subjectAltName(names)] });
  assert.equal(certified?.split(', ').length, 500);
});

/** RSA of 16,384 bits. Nobody has its private key: the size is looked at first. */
const modulus = Buffer.alloc(2048, 0xa5);
const long = sequence(
  sequence(oid('1.2.840.113549.1.1.1'), nullValue),
  bitString(sequence(unsignedInteger(modulus), unsignedInteger(Buffer.of(1, 0, 1)))),
);

const REFUSED: Readonly<Record<string, readonly [asked: Asked, status: string]>> = {
  'the usages of a CA alone': [{ extensions: [keyUsage(['keyCertSign'])] }, 'failInfo 2'],
  'OCSP signing alone': [{ extensions: [extendedKeyUsage([OCSP_SIGNING])] }, 'failInfo 2'],
  'every purpose': [{ extensions: [extendedKeyUsage([ANY])] }, 'failInfo 2'],
  'the SID of another account as a name': [
    { extensions: [subjectAltName([generalNameFromText(`uri:tag:microsoft.com,2022-09-14:sid:${ADMINISTRATOR}`)])] },
    'failInfo 2',
  ],
  'more names than a request can have': [
    { extensions: [subjectAltName(Array.from({ length: 2049 }, () => generalNameFromText('dns:a')))] },
    'failInfo 2',
  ],
  'an RSA key of 16,384 bits': [{ key: { ...deviceKey, spki: long } }, 'failInfo 0'],
  'the same extension twice': [
    { extensions: [keyUsage(['digitalSignature']), keyUsage(['digitalSignature'])] },
    'failInfo 2',
  ],
};
for (const [name, [asked, status]] of Object.entries(REFUSED))
  test(`refused: ${name}`, async () => {
    const answer = await given(asked);
    assert.equal(typeof answer === 'string' ? answer : answer.subject, status);
  });
