/** The messages that the fuzzer changes: valid, with small keys, in the different forms that clients send. */
import { implicit } from '../../src/asn1/tags.ts';
import { encode, octetString, printableString, sequence, smallInteger, time } from '../../src/asn1/writer.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { cipherByName, digestIdentifier } from '../../src/cms/algorithms.ts';
import { ATTRIBUTE } from '../../src/cms/attributes.ts';
import { kemRecipientInfo } from '../../src/cms/kem-recipient.ts';
import { generateKemKey } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { keyIdentifier, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { readMlKemKey } from '../../src/pkix/ml-kem.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { attribute, type EnvelopeParts, recipientInfo, scepAttributes, type SignedParts } from '../kit/forge.ts';
import { certificateFor, clientFor, NOW, raFor } from '../kit/pki.ts';
import { clientKey, raKey } from './keys.ts';

export const ra = await raFor(raKey, 'CN=Fuzzed RA');
/** Its ML-KEM key. */
export const kem = await raFor(generateKemKey(), 'CN=Fuzzed KEM RA', 'kem');
const kemView = readCertificate(kem.certificate);
export const client = await clientFor(clientKey);

/** One form of a request. `csr` is the content that is encrypted, nearly always a certification request. */
export type Shape = { csr: Uint8Array; envelope: Partial<EnvelopeParts>; signed: Partial<SignedParts> };

const recipients: EnvelopeParts['recipients'] = (key) => [recipientInfo(ra, key)];
const subject = nameFromText('CN=device\\, 1,OU=a+OU=b,O=Müller,DC=example');
const sans = [
  'dns:a.example',
  'email:a@example.com',
  'upn:a@example.com',
  'uri:urn:uuid:1',
  'ip:192.0.2.1',
  'ip:2001:db8::1',
];
const plainCsr = await writeCertificationRequest({ subject, challenge: 'A1B2C3D4' }, clientKey);
const fullCsr = await writeCertificationRequest(
  {
    subject,
    challenge: 'ü'.repeat(1500),
    extensions: [keyUsage(['digitalSignature']), subjectAltName(sans.map(generalNameFromText))],
  },
  clientKey,
);
const windows = {
  ...client,
  certificate: await certificateFor(clientKey.spki, {
    subject: nameFromText('CN=SCEP Protocol Certificate'),
    extensions: [{ oid: OID.authorityKeyIdentifier, critical: true, value: octetString(Buffer.alloc(20)) }],
  }),
};

const shape = (csr: Uint8Array, envelope: Partial<EnvelopeParts> = {}, signed: Partial<SignedParts> = {}): Shape => ({
  csr,
  envelope: { recipients, ...envelope },
  signed: { signer: client, ...signed },
});

const oaep = { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' } as const;
const mixed = { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' } as const;

const ofType = (messageType: string): Uint8Array[] => scepAttributes({ messageType: printableString(messageType) });

export const SHAPES: readonly Shape[] = [
  shape(plainCsr),
  shape(fullCsr, { cipher: cipherByName('aes-256-cbc')! }, { digest: 'sha512' }),
  shape(plainCsr, { recipients: (key) => [recipientInfo(ra, key, { transport: oaep })] }, { signer: windows }),
  shape(fullCsr, { recipients: (key) => [recipientInfo(ra, key, { transport: mixed })] }, { digest: 'sha384' }),
  shape(plainCsr, { cipher: cipherByName('des-ede3-cbc')! }, { digest: 'sha1' }),
  shape(
    plainCsr,
    { cipher: cipherByName('des-cbc')! },
    { signerId: encode(implicit(0), keyIdentifier(clientKey.spki)) },
  ),
  shape(
    plainCsr,
    {
      recipients: (key) => [
        encode(0xa1, octetString(Buffer.alloc(3))),
        recipientInfo(client, key),
        recipientInfo(ra, key, { id: encode(implicit(0), keyIdentifier(raKey.spki)) }),
      ],
      encryptedContent: (octets) => encode(0xa0, octetString(octets.subarray(0, 64)), octetString(octets.subarray(64))),
    },
    {
      certificates: [ra.certificate, client.certificate],
      attributes: [...scepAttributes(), attribute(ATTRIBUTE.signingTime, time(NOW))],
    },
  ),
  shape(plainCsr, {
    cipher: cipherByName('aes-256-cbc')!,
    recipients: (key) => [kemRecipientInfo({ certificate: kemView, key: readMlKemKey(kemView.spki) }, key)],
  }),
  shape(plainCsr, { wrap: (envelopedData) => envelopedData }, { contentType: '1.2.840.113549.1.7.3' }),
  shape(plainCsr, {}, { attributes: ofType('17') }),
  shape(issuerAndSubject(subject, subject), {}, { attributes: ofType('20') }),
  shape(sequence(subject, smallInteger(4711)), {}, { attributes: ofType('21') }),
  shape(sequence(subject, smallInteger(4711)), {}, { attributes: ofType('22') }),
  shape(plainCsr, {}, { digestIdentifier: digestIdentifier('sha224'), digest: 'sha224' }),
];
