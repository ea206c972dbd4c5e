/** The attributes of a CertRep one by one, and what is never in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { readCertRep } from '../../src/client/reply.ts';
import { digestIdentifier } from '../../src/cms/algorithms.ts';
import { chooseRecipient, readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData, verifySigner } from '../../src/cms/signed-data.ts';
import { REFUSALS, type RefusalCode } from '../../src/core/errors.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import type { Reply } from '../../src/scep/message.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { seal } from '../../src/scep/seal.ts';
import { forge, nameOf, scepAttributes } from '../kit/forge.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { WITHOUT } from '../kit/null-wrap.ts';
import { client, clientFor, clock, context, everyLegacy, ra, raFor, random, registration } from '../kit/pki.ts';
import { attributesOf, CHAIN, expected, PLAIN, sealed, stringOf } from '../kit/replies.ts';
import { REFUSED } from '../kit/wire-codes.ts';
import { opened, refused, requestMessage, SENDER_NONCE, TRANSACTION_ID } from '../kit/requests.ts';

const withLegacy = context({ legacy: everyLegacy });
const LEAF = CHAIN[0]!;
const printable = (value: string) => ({ tag: 0x13, text: value });

for (const [reply, status] of [
  ['success', '0'],
  ['request_refused', '2'],
  ['pending', '3'],
] as const)
  test(`R01 the attributes of pkiStatus ${status}: types, single values, echoes`, async () => {
    const attributes = attributesOf(await sealed(reply));
    assert.deepEqual(stringOf(attributes('messageType')), printable('3'));
    assert.deepEqual(stringOf(attributes('pkiStatus')), printable(status));
    assert.deepEqual(stringOf(attributes('transactionId')), printable(TRANSACTION_ID));
    const recipientNonce = attributes('recipientNonce')!;
    assert.deepEqual(recipientNonce, Buffer.concat([Buffer.of(4, 16), SENDER_NONCE]));
    const senderNonce = attributes('senderNonce')!;
    assert.deepEqual([senderNonce.length, senderNonce[0]], [18, 4]);
  });

test('a message for a retired RA gets a reply that this RA signed, with its certificate', async () => {
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA');
  const by = context({}, registrationAuthority(ra, [retired]));
  const { header } = await opened(await requestMessage({ recipient: retired.certificate }), by);
  const reply = await seal({ header, reply: { status: 'pending' }, ra: by.ra, clock, random });
  const data = readSignedData(reply);
  assert.deepEqual(
    data.certificates.map((der) => Buffer.from(der)),
    [Buffer.from(retired.certificate)],
  );
  assert.ok(verifySigner(data, data.signers[0]!, readPublicKey(retired.key.spki)));
});

test('a message for a retired RA whose proof of possession is wrong gets a refusal that this RA signed', async () => {
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA');
  const by = context({}, registrationAuthority(ra, [retired]));
  const message = await requestMessage({ recipient: retired.certificate, content: Uint8Array.of(0x30, 0) });
  const { header, code } = await refused(message, 'request_refused', by);
  const data = readSignedData(await seal({ header, reply: { status: 'failure', code }, ra: by.ra, clock, random }));
  assert.ok(verifySigner(data, data.signers[0]!, readPublicKey(retired.key.spki)));
});

test('where a retired key may not sign, the reply is signed by the current RA', async () => {
  const { key, certificate } = await raFor(rsaKey('retired'), 'CN=Old RA');
  const decrypts = { ...key, sign: () => Promise.reject(new Error('AccessDenied: kms:Sign')) };
  const by = context({}, registrationAuthority(ra, [{ key: decrypts, certificate }]));
  const { header } = await opened(await requestMessage({ recipient: certificate }), by);
  const data = readSignedData(await seal({ header, reply: { status: 'pending' }, ra: by.ra, clock, random }));
  assert.ok(verifySigner(data, data.signers[0]!, readPublicKey(ra.key.spki)));
});

test('R01 senderNonce is fresh in every reply, also to a repeat', async () => {
  const nonces = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const attributes = attributesOf(await sealed('success'));
      return attributes('senderNonce')!.toString('hex');
    }),
  );
  assert.equal(new Set(nonces).size, nonces.length);
});

test('R01 the signed attributes are in DER order', async () => {
  const [signer] = readSignedData(await sealed('request_refused')).signers;
  const written = DerReader.over(signer!.signedAttributes)
    .enter(0xa0)
    .each(99, (list) => list.element().der);
  assert.deepEqual(
    written,
    written.toSorted((a, b) => Buffer.compare(a, b)),
  );
  assert.equal(written.length, 10);
});

test('R02 the leaf is first in bytes, whatever its DER sorts to, with and without the chain', async () => {
  const { header, replyTo } = await opened(await requestMessage());
  for (const certificates of [[LEAF], CHAIN, CHAIN.toReversed()]) {
    const message = await seal({
      header,
      reply: { status: 'success', replyTo, certificates },
      ra: registration,
      clock,
      random,
    });
    const reply = await readCertRep(message, expected);
    assert.deepEqual(reply.status === 'success' && reply.certificates.map((der) => Buffer.from(der)), certificates);
  }
});

for (const [code, { text: failInfoText }] of Object.entries(REFUSALS) as [RefusalCode, { text: string }][])
  test(`R04 FAILURE ${code}: failInfo, failInfoText and HRESULT`, async () => {
    const attributes = attributesOf(await sealed(code));
    const [failInfo, hresult] = REFUSED[code];
    assert.deepEqual(stringOf(attributes('failInfo')), printable(failInfo));
    assert.deepEqual(stringOf(attributes('failInfoText')), { tag: 0x0c, text: failInfoText });
    assert.deepEqual(stringOf(attributes('microsoftError')), printable(hresult));
    assert.ok(failInfoText.length <= 255);
  });
for (const reply of ['success', 'pending'] as const)
  test(`R04 ${reply} has no failure attributes`, async () => {
    const attributes = attributesOf(await sealed(reply));
    for (const name of ['failInfo', 'failInfoText', 'microsoftError'] as const)
      assert.equal(attributes(name), undefined, name);
  });

test('R04 a failInfoText of its own replaces that of the code', async () => {
  const { header } = await opened(await requestMessage());
  const reply = { status: 'failure', code: 'policy_denied', text: 'ask the help desk' } as const;
  const attributes = attributesOf(await seal({ header, reply, ra: registration, clock, random }));
  assert.deepEqual(stringOf(attributes('failInfoText')), { tag: 0x0c, text: 'ask the help desk' });
});

test('E13 without rules of an endpoint the key wrap of a reply to an EC signer has no NULL parameters', async () => {
  const signer = await clientFor(ecKey('client'));
  const { header, replyTo } = await opened(await requestMessage({ signer }));
  const reply: Reply = { status: 'success', replyTo, certificates: [LEAF] };
  const { agreements } = readEnvelopedData(
    readSignedData(await seal({ header, reply, ra: registration, clock, random })).message!,
  );
  assert.ok(Buffer.from(agreements[0]!).includes(Buffer.from(WITHOUT, 'hex')));
});

const RSAES_OAEP = '06092a864886f70d010107';
test('R05 OAEP in a reply carries parameters: an empty SEQUENCE for SHA-1', async () => {
  const transport = { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' } as const;
  const message = await sealed('success', { ...PLAIN, transport });
  assert.ok(Buffer.from(message).includes(Buffer.from(`300d${RSAES_OAEP}3000`, 'hex')));
});
test('R05 an OAEP request whose two hashes differ gets SHA-1, which all can read', async () => {
  const { header, replyTo } = await opened(await requestMessage());
  const transport = { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' } as const;
  const reply: Reply = { status: 'success', replyTo: { ...replyTo, transport }, certificates: [LEAF] };
  const message = await seal({ header, reply, ra: registration, clock, random });
  const { recipients } = readEnvelopedData(readSignedData(message).message!);
  assert.deepEqual(recipients[0]!.transport, { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' });
  assert.equal((await readCertRep(message, expected)).status, 'success');
});
for (const hash of ['sha384', 'sha512'] as const)
  test(`R05 an RSA-1024 signer cannot receive AES-256 under OAEP ${hash}, and gets SHA-1`, async () => {
    const signer = await clientFor(rsaKey('small', 1024));
    const transport = { scheme: 'oaep', hash, mgf1Hash: hash } as const;
    const request = await requestMessage({ signer, transport, cipher: 'aes-256-cbc' });
    const { header, replyTo } = await opened(request, withLegacy);
    const reply: Reply = { status: 'success', replyTo, certificates: [LEAF] };
    const message = await seal({ header, reply, ra: registration, clock, random });
    assert.equal((await readCertRep(message, { ...expected, signer })).status, 'success');
  });

test('R06 the recipient is named octet for octet as in the certificate of the signer', async () => {
  const envelope = readSignedData(await sealed('success')).message!;
  assert.ok(Buffer.from(envelope).includes(Buffer.from(nameOf(client.certificate))));
  const certificate = readCertificate(client.certificate);
  const key = { certificate, keyIdentifier: keyIdentifier(certificate.spki), key: client.key };
  assert.ok(chooseRecipient(readEnvelopedData(envelope), [key]));
});

test('R06 the reply is for the key of the signer, not for the key of the CSR', async () => {
  const signer = await clientFor(rsaKey('throw-away'), 'CN=SCEP Protocol Certificate');
  const { header, replyTo } = await opened(await requestMessage({ signer }));
  const message = await seal({
    header,
    reply: { status: 'success', replyTo, certificates: [LEAF] },
    ra: registration,
    clock,
    random,
  });
  assert.equal((await readCertRep(message, { ...expected, signer })).status, 'success');
});

test('R07 rsaEncryption has NULL parameters, as signature and as key transport', async () => {
  const octets = Buffer.from(await sealed('success'));
  const identifier = Buffer.from('300d06092a864886f70d0101010500', 'hex');
  const first = octets.indexOf(identifier);
  assert.ok(first > 0 && octets.indexOf(identifier, first + 1) > first);
  assert.ok(octets.includes(Buffer.from(digestIdentifier('sha256'))));
});

test('P19 P20 transactionID and nonce are echoed octet for octet and tag for tag', async () => {
  const utf8 = Buffer.concat([Buffer.of(0x0c, 7), Buffer.from('q+z/8==')]);
  const nonce = Buffer.concat([Buffer.of(0x04, 8), Buffer.alloc(8, 9)]);
  const { header } = await opened(forge({ attributes: scepAttributes({ transactionId: utf8, senderNonce: nonce }) }));
  const message = Buffer.from(await seal({ header, reply: { status: 'pending' }, ra: registration, clock, random }));
  const attributes = attributesOf(message);
  assert.deepEqual(attributes('transactionId')!, utf8);
  assert.deepEqual(attributes('recipientNonce')!, nonce);
});

for (const reply of [{ status: 'failure', code: 'request_refused' }, { status: 'pending' }] as const)
  test(`R03 ${reply.status} has one octet 0x00 as content, and none under \`emptyContent: absent\``, async () => {
    const { header } = await opened(await requestMessage());
    const plan = { header, reply, ra: registration, clock, random };
    assert.deepEqual(readSignedData(await seal(plan)).content, Buffer.of(0));
    const absent = await seal({ ...plan, rules: { legacy: new Set(), emptyContent: 'absent' } });
    assert.equal(readSignedData(absent).content, undefined);
    assert.equal((await readCertRep(absent, expected)).status, reply.status);
  });

test('P20 without a senderNonce the FAILURE has no recipientNonce', async () => {
  const message = forge({ attributes: scepAttributes({ senderNonce: undefined }) });
  const { header, code } = await refused(message, 'sender_nonce_missing');
  const reply = await seal({ header, reply: { status: 'failure', code }, ra: registration, clock, random });
  assert.equal(attributesOf(reply)('recipientNonce'), undefined);
});

test('a reply never contains the text for the log', async () => {
  const { header, code, detail } = await refused(
    forge({ attributes: scepAttributes({ messageType: Buffer.from('130138', 'hex') }) }),
    'message_type_refused',
  );
  const reply = await seal({ header, reply: { status: 'failure', code }, ra: registration, clock, random });
  assert.match(detail, /messageType 8/);
  assert.ok(!Buffer.from(reply).includes(detail));
});
