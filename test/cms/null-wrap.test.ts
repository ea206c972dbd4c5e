/**
 * BouncyCastle for .NET (2.7.0) derives the key of a key agreement from a KeyWrapAlgorithm with NULL parameters, whatever
 * the message says. It runs on none of these machines: the reader and the messages of this file follow that rule.
 */
import assert from 'node:assert/strict';
import { createDecipheriv, diffieHellman, hash, randomBytes, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { openAgreedEnvelope } from '../../src/cms/agreed-envelope.ts';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { type EnvelopedData, readEnvelopedData, writeEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { ecKey } from '../kit/keys.ts';
import { certificateFor, clientFor, context, type Keyed, random } from '../kit/pki.ts';
import { CHAIN } from '../kit/replies.ts';
import { opened, requestMessage } from '../kit/requests.ts';

const AES_128 = cipherByName('aes-128-cbc')!;
/** id-aes128-wrap (RFC 3565 2.3.2) as an AlgorithmIdentifier. */
const WITH_NULL = '300d06096086480165030401050500';
const WITHOUT = '300b0609608648016503040105';
/** ECC-CMS-SharedInfo (RFC 5753 7.2): that identifier, no entityUInfo, and a key of 128 bits. */
const SHARED_INFO = `3017${WITH_NULL}a206040400000080`;

/** The content of an envelope to a P-256 key, by that rule. Throws when it was wrapped by another. */
function readByRule(agreement: Uint8Array, { iv, encryptedContent }: EnvelopedData, { key }: Keyed): Buffer {
  const info = DerReader.over(agreement).enter(0xa1);
  info.element();
  const originator = info.enter(0xa0).element().der;
  const spki = Buffer.from(originator);
  spki[0] = 0x30;
  info.element();
  const recipient = info.sequence().sequence();
  recipient.element();
  const secret = diffieHellman({
    privateKey: key.privateKey,
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  });
  const shared = Buffer.concat([secret, Buffer.from(`00000001${SHARED_INFO}`, 'hex')]);
  const wrapping = hash('sha256', shared, 'buffer').subarray(0, 16);
  const unwrap = createDecipheriv('id-aes128-wrap', wrapping, Buffer.alloc(8, 0xa6));
  const contentKey = Buffer.concat([unwrap.update(recipient.octetString()), unwrap.final()]);
  const decipher = createDecipheriv('aes-128-cbc', contentKey, iv);
  return Buffer.concat([decipher.update(encryptedContent), decipher.final()]);
}

const recipientKey = ecKey('null wrap');
const recipient: Keyed = { key: recipientKey, certificate: await certificateFor(recipientKey.spki) };
const CONTENT = Buffer.from('content');
const enveloped = (nullWrap: boolean): Buffer =>
  Buffer.from(
    writeEnvelopedData({
      content: CONTENT,
      recipient: { certificate: readCertificate(recipient.certificate), key: readPublicKey(recipientKey.spki) },
      transport: { scheme: 'pkcs1' },
      cipher: AES_128,
      random,
      nullWrap,
    }),
  );

test('E13 with `nullWrap` the key wrap has NULL parameters, and a reader by that rule opens the envelope', () => {
  const data = readEnvelopedData(enveloped(true));
  assert.ok(Buffer.from(data.agreements[0]!).includes(Buffer.from(WITH_NULL, 'hex')));
  assert.deepEqual(readByRule(data.agreements[0]!, data, recipient), CONTENT);
});

test('E13 without it there are no parameters (RFC 3565 2.3.2), and such a reader does not open the envelope', () => {
  const data = readEnvelopedData(enveloped(false));
  assert.ok(Buffer.from(data.agreements[0]!).includes(Buffer.from(WITHOUT, 'hex')));
  assert.throws(() => readByRule(data.agreements[0]!, data, recipient), /unwrap|wrong|bad|error/i);
});

const open = (data: EnvelopedData): Promise<Uint8Array | undefined> =>
  openAgreedEnvelope(
    { ...data, cipher: AES_128 },
    {
      certificate: readCertificate(recipient.certificate),
      keyIdentifier: keyIdentifier(recipientKey.spki),
      key: recipientKey,
    },
  );

/** The element whose identifier is replaced in an agreement is two octets shorter, and so are the three around it. */
function withoutParameters(agreement: Uint8Array): Buffer {
  const octets = Buffer.from(agreement);
  const at = octets.indexOf(Buffer.from(WITH_NULL, 'hex'));
  // keyEncryptionAlgorithm: a SEQUENCE of the scheme, 06 06 and six octets, and the key wrap.
  const algorithm = at - 10;
  octets[algorithm + 1]! -= 2;
  const changed = Buffer.concat([
    octets.subarray(0, at),
    Buffer.from(WITHOUT, 'hex'),
    octets.subarray(at + WITH_NULL.length / 2),
  ]);
  const long = changed[1] === 0x82;
  if (long) changed.writeUInt16BE(changed.readUInt16BE(2) - 2, 2);
  else {
    const at = changed[1] === 0x81 ? 2 : 1;
    changed[at]! -= 2;
  }
  return changed;
}

test('E13 an envelope whose key is derived by that rule opens, with the parameters in the message and without', async () => {
  const data = readEnvelopedData(enveloped(true));
  assert.deepEqual(Buffer.from((await open(data))!), CONTENT);
  const agreements = data.agreements.map(withoutParameters);
  assert.ok(agreements[0]!.includes(Buffer.from(WITHOUT, 'hex')));
  assert.deepEqual(Buffer.from((await open({ ...data, agreements }))!), CONTENT);
});

test('E13 an envelope that opens by neither rule is malformed', async () => {
  const data = readEnvelopedData(enveloped(false));
  const agreements = data.agreements.map((agreement) => {
    const octets = Buffer.from(agreement);
    octets[octets.length - 1]! ^= 1;
    return octets;
  });
  await assert.rejects(open({ ...data, agreements }), DerError);
});

for (const on of [true, false])
  test(`E13 a CertRep to an EC signer has ${on ? '' : 'no '}NULL parameters ${on ? 'under `legacy: [null-wrap]`' : 'by default'}`, async () => {
    const signer = await clientFor(ecKey('client'));
    const settings = context({ legacy: new Set(on ? (['null-wrap'] as const) : []) });
    const { header, replyTo } = await opened(await requestMessage({ signer }), settings);
    const codec = messageCodec({ ...settings, random: (length) => randomBytes(length) });
    const reply = await codec.seal(header, { status: 'success', replyTo, certificates: CHAIN });
    const data = readEnvelopedData(readSignedData(reply).message!);
    assert.equal(Buffer.from(data.agreements[0]!).includes(Buffer.from(WITH_NULL, 'hex')), on);
    const readable = () => readByRule(data.agreements[0]!, data, signer);
    if (on) assert.ok(readable().includes(CHAIN[0]!));
    else assert.throws(readable);
  });
