/** Key agreement as BouncyCastle for .NET (2.7.0) derives it: read by its rule, see kit/null-wrap.ts, and by our reader. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { openAgreedEnvelope } from '../../src/cms/agreed-envelope.ts';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { type EnvelopedData, readEnvelopedData, writeEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { ecKey } from '../kit/keys.ts';
import { readByRule, WITH_NULL, WITHOUT } from '../kit/null-wrap.ts';
import { certificateFor, clientFor, context, type Keyed, random } from '../kit/pki.ts';
import { CHAIN } from '../kit/replies.ts';
import { opened, requestMessage } from '../kit/requests.ts';

const AES_128 = cipherByName('aes-128-cbc')!;
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
  assert.deepEqual(readByRule(data, recipient), CONTENT);
});

for (const [curve, name] of [
  ['P-384', 'aes-192-cbc'],
  ['P-521', 'aes-256-cbc'],
] as const)
  test(`E13 ${curve}, ${name}: a reader by that rule opens the envelope with \`nullWrap\`, and not the one without`, async () => {
    const key = ecKey('null wrap', curve);
    const to: Keyed = { key, certificate: await certificateFor(key.spki) };
    const written = (nullWrap: boolean) =>
      readEnvelopedData(
        writeEnvelopedData({
          content: CONTENT,
          recipient: { certificate: readCertificate(to.certificate), key: readPublicKey(key.spki) },
          transport: { scheme: 'pkcs1' },
          cipher: cipherByName(name)!,
          random,
          nullWrap,
        }),
      );
    assert.deepEqual(readByRule(written(true), to), CONTENT);
    assert.throws(() => readByRule(written(false), to));
  });

test('E13 without it there are no parameters (RFC 3565 2.3.2), and such a reader does not open the envelope', () => {
  const data = readEnvelopedData(enveloped(false));
  assert.ok(Buffer.from(data.agreements[0]!).includes(Buffer.from(WITHOUT, 'hex')));
  assert.throws(() => readByRule(data, recipient), /unwrap|wrong|bad|error/i);
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
    const readable = () => readByRule(data, signer);
    if (on) assert.ok(readable().includes(CHAIN[0]!));
    else assert.throws(readable);
  });
