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
import type { NamedRa } from '../../src/app/named-ras.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { generateKemKey } from '../../src/keys/software.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, context, issuing, ra, raFor, random, registration } from '../kit/pki.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';

const CHALLENGE = 'a secret of this test';
const subject = nameFromText('CN=device-1');
const csr = await writeCertificationRequest(
  { subject, challenge: CHALLENGE, extensions: [subjectAltName([generalNameFromText('dns:device-1.example')])] },
  client.key,
);

const message = (
  messageType: RequestMessage['messageType'],
  content: Uint8Array,
  different: Partial<RequestMessage> = {},
): Promise<Uint8Array> =>
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
    ...different,
  });

type Explained = {
  signers: Record<string, string>[];
  content: { inside: unknown; contentEncryption: string; recipients: string[]; encryptedTo: string[] };
  verdict?: Record<string, string>;
};
const RULES = context().rules;
const OURS: NamedRa[] = [{ of: '/scep', ra: registration, rules: RULES }];
const explained = async (bytes: Uint8Array, ras = OURS): Promise<Explained> => (await explain(bytes, ras)) as Explained;

test('a request: attributes, algorithms and requested names; of the challenge only its length', async () => {
  for (const type of ['PKCSReq', 'RenewalReq'] as const) {
    const facts = await explained(await message(type, csr));
    assert.match(facts.signers[0]!['messageType']!, new RegExp(`\\(${type}\\)$`));
    assert.equal(facts.signers[0]!['transactionId'], 'transaction-1');
    assert.equal(facts.signers[0]!['signature'], 'valid, by the key of CN=device-1');
    assert.equal(facts.signers[0]!['digestAlgorithm'], 'SHA-256 (2.16.840.1.101.3.4.2.1)');
    assert.equal(facts.content.contentEncryption, 'AES-128-CBC (2.16.840.1.101.3.4.1.2)');
    assert.deepEqual(facts.content.recipients, ['RSA (1.2.840.113549.1.1.1)']);
    assert.match(
      facts.content.encryptedTo[0]!,
      /^the current RA key of \/scep \(serial [0-9a-f]+ of CN=Test Issuing\)$/i,
    );
    assert.deepEqual(facts.content.inside, {
      openedWith: 'the current RA key of /scep',
      subject: 'CN=device-1',
      key: 'rsa 2048',
      subjectAltName: 'dns:device-1.example',
      extensions: 'subjectAltName (2.5.29.17)',
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
  const spki = sequence(sequence(oid('2.16.840.1.101.3.4.4.2')), encode(0x03, Buffer.alloc(1313)));
  const content = await writeCertificationRequest({ subject }, { ...client.key, spki });
  const { content: shown, verdict } = await explained(await message('PKCSReq', content));
  const fault = 'the public key is not supported: ML-KEM-768 (2.16.840.1.101.3.4.4.2)';
  assert.deepEqual(shown.inside, {
    openedWith: 'the current RA key of /scep',
    fault: `certification request: ${fault}`,
  });
  assert.deepEqual(verdict, { '/scep': `refused, badAlg (algorithm_refused): ${fault}` });
});

test('a poll contains no certification request: the number of its octets is shown', async () => {
  const polled = issuerAndSubject(readCertificate(issuing.certificate).subject, subject);
  for (const type of ['CertPoll', 'GetCert', 'GetCRL'] as const) {
    const { content } = await explained(await message(type, polled));
    assert.deepEqual(content.inside, { openedWith: 'the current RA key of /scep', octets: polled.length });
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
  const refused = await explained(await codec.seal(opened.header, { status: 'failure', code: 'request_refused' }));
  assert.equal(refused.content, 'none');
  assert.equal(refused.verdict, undefined);
  const { pkiStatus, failInfo, microsoftError, contentType } = refused.signers[0]!;
  assert.deepEqual(
    { pkiStatus, failInfo, microsoftError, contentType },
    {
      pkiStatus: '2 (FAILURE)',
      failInfo: '2 (badRequest)',
      microsoftError: '-2147024809 (0x80070057)',
      contentType: 'data (1.2.840.113549.1.7.1)',
    },
  );
});

test('a request to another RA is described as far as it can be read', async () => {
  const other = registrationAuthority(await raFor(rsaKey('another ra')));
  const { content, verdict } = await explained(await message('PKCSReq', csr), [
    { of: '/scep', ra: other, rules: RULES },
  ]);
  assert.equal(content.inside, 'not encrypted to a key of this configuration');
  assert.match(content.encryptedTo[0]!, /^no RA key of this configuration \(serial /);
  assert.match(
    verdict!['/scep']!,
    /^refused, badRequest \(request_refused\): (the envelope contains no certification|encryptedKey out of the range)/,
  );
});

test('the verdict: what each endpoint would do, and why; a retired key is named', async () => {
  const current = await raFor(rsaKey('another ra'));
  const renewed = registrationAuthority(current, [ra]);
  const ras: NamedRa[] = [
    { of: '/new', ra: renewed, rules: { ...RULES, renewal: true } },
    { of: '/first', ra: registration, rules: RULES },
    { of: 'the authority old, which no endpoint uses', ra: registration },
  ];
  const { content, verdict } = await explained(await message('RenewalReq', csr), ras);
  assert.match(content.encryptedTo[0]!, /^the retired RA key of \/new /);
  assert.deepEqual(verdict, {
    '/new': 'taken as RenewalReq; the policy was not asked',
    '/first': 'refused, badRequest (message_type_refused): renewal is off at this endpoint',
  });
});

test('an extension twice: opened, with the rule that the request breaks', async () => {
  const names = ['a.example', 'b.example'].map((host) => subjectAltName([generalNameFromText(`dns:${host}`)]));
  const twice = await writeCertificationRequest({ subject, extensions: names }, client.key);
  const { content, verdict } = await explained(await message('PKCSReq', twice));
  const fault = 'the certification request is wrong: attributes: the extension 2.5.29.17 is repeated';
  assert.deepEqual(content.inside, { openedWith: 'the current RA key of /scep', fault });
  assert.deepEqual(verdict, { '/scep': `refused, badRequest (request_refused): ${fault}` });
});

test('a message that was changed on its way', async () => {
  const changed = Buffer.from(await message('PKCSReq', csr));
  changed[changed.length - 1]! ^= 1;
  const { signers, verdict } = await explained(changed);
  assert.equal(signers[0]!['signature'], 'wrong: changed on its way, or signed with another key');
  assert.equal(verdict!['/scep'], 'refused, badMessageCheck (signature_invalid): signature or messageDigest is wrong');
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

test('a request that came by encapsulation is named as one, and stays closed', async () => {
  const kem = await raFor(generateKemKey(), 'CN=Test KEM RA', 'kem');
  const bytes = await message('PKCSReq', csr, { recipient: kem.certificate, cipher: 'aes-256-cbc' });
  const { content } = await explained(bytes);
  assert.deepEqual(content.recipients, ['encapsulation']);
  assert.match(content.encryptedTo.join(), /^no RA key of this configuration \(serial [0-9a-f]+ of CN=Test Issuing\)$/);
  assert.equal(content.inside, 'closed: it came by encapsulation (ML-KEM), and only the server opens such messages');
});
