/** `openndes explain` on messages that a SCEP client sends and receives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, oid, sequence, utf8String } from '../../src/asn1/writer.ts';
import { attributeType, writeAttribute } from '../../src/cms/attributes.ts';
import { writeSignedData } from '../../src/cms/signed-data.ts';
import { issuerAndSubject, type RequestMessage, writeRequest } from '../../src/client/request-message.ts';
import { explain } from '../../src/cli/message-report.ts';
import { reportText } from '../../src/cli/commands/explain.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, context, issuing, ra, raFor, random, registration } from '../kit/pki.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';

const CHALLENGE = 'a secret of this test';
const subject = nameFromText('CN=device-1');
const csr = await writeCertificationRequest(
  { subject, challenge: CHALLENGE, extensions: [subjectAltName([generalNameFromText('dns:device-1.example')])] },
  client.key,
);

const message = (messageType: RequestMessage['messageType'], content: Uint8Array): Promise<Uint8Array> =>
  writeRequest({
    messageType,
    transactionId: 'transaction-1',
    senderNonce: random(16),
    content,
    signer: client,
    recipient: ra.certificate,
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    transport: { scheme: 'pkcs1' },
    random,
  });

type Explained = { signers: Record<string, string>[]; content: { inside: unknown; contentEncryption: string } };
const explained = async (bytes: Uint8Array, keys = registration.recipients): Promise<Explained> =>
  (await explain(bytes, keys)) as Explained;

test('a request: attributes, algorithms and requested names; of the challenge only its length', async () => {
  for (const type of ['PKCSReq', 'RenewalReq'] as const) {
    const facts = await explained(await message(type, csr));
    assert.match(facts.signers[0]!['messageType']!, new RegExp(`\\(${type}\\)$`));
    assert.equal(facts.signers[0]!['transactionId'], 'transaction-1');
    assert.equal(facts.content.contentEncryption, '2.16.840.1.101.3.4.1.2');
    assert.deepEqual(facts.content.inside, {
      subject: 'CN=device-1',
      key: 'rsa 2048',
      subjectAltName: 'dns:device-1.example',
      extensions: '2.5.29.17',
      challengePassword: `present, ${CHALLENGE.length} characters (not shown)`,
    });
    assert.ok(!JSON.stringify(facts).includes(CHALLENGE));
  }
});

test('without a configuration the envelope stays closed', async () => {
  const { content } = await explained(await message('PKCSReq', csr), []);
  assert.equal(content.inside, 'closed; --config names the keys that open it');
});

test('a request for a key that is not supported is named', async () => {
  const spki = sequence(sequence(oid('2.16.840.1.101.3.4.3.17')), encode(0x03, Buffer.alloc(1313)));
  const content = await writeCertificationRequest({ subject }, { ...client.key, spki });
  assert.equal(
    (await explained(await message('PKCSReq', content))).content.inside,
    'certification request: the public key is not supported: ML-DSA-44 (2.16.840.1.101.3.4.3.17)',
  );
});

test('a poll contains no certification request: the number of its octets is shown', async () => {
  const polled = issuerAndSubject(readCertificate(issuing.certificate).subject, subject);
  for (const type of ['CertPoll', 'GetCert', 'GetCRL'] as const) {
    const { content } = await explained(await message(type, polled));
    assert.equal(content.inside, `${polled.length} octets`);
  }
});

test('a reply is reported as encrypted to another key, that of its requester', async () => {
  const codec = messageCodec(context());
  const opened = await codec.open(await message('PKCSReq', csr));
  assert.ok(opened.kind === 'request');
  const sealed = await codec.seal(opened.header, {
    status: 'success',
    replyTo: opened.replyTo,
    certificates: [client.certificate],
  });
  const facts = await explained(sealed);
  assert.equal(facts.signers[0]!['messageType'], '3 (CertRep)');
  assert.equal(facts.content.inside, 'not encrypted to a key of this configuration');
  const refused = await codec.seal(opened.header, { status: 'failure', code: 'request_refused' });
  assert.equal((await explained(refused)).content, 'none');
});

test('a request to another RA is described as far as it can be read', async () => {
  const other = registrationAuthority(await raFor(rsaKey('another ra')));
  assert.match(
    String((await explained(await message('PKCSReq', csr), other.recipients)).content.inside),
    /^(no certification request: encrypted to another key, or damaged|not encrypted to a key of this configuration)$/,
  );
});

test('a transactionID cannot control the terminal', async () => {
  const transactionId = '\u001b]0;title\u0007\u001b[2J\nsigned by: CN=ra';
  const bytes = await writeSignedData({
    content: new Uint8Array(0),
    attributes: [writeAttribute(attributeType(SCEP_ATTRIBUTE.transactionId), utf8String(transactionId))],
    digest: 'sha256',
    signer: { certificate: readCertificate(client.certificate), key: client.key },
    certificates: [client.certificate],
  });
  const shown = reportText(await explain(bytes, []));
  assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  assert.ok(shown.includes(String.raw`\u{1b}]0;title\u{7}\u{1b}[2J\u{a}signed by: CN=ra`), shown);
});

test('a file that is not a message is refused', async () => {
  await assert.rejects(explain(Buffer.from('hello'), []), { name: 'ConfigError' });
});
