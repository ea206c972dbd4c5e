/** Content encrypted with a password opens with that password, here and with the openssl command. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { CIPHERS, type ContentCipher, cipherByName } from '../../src/cms/algorithms.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { openPasswordEnvelope, writePasswordEnvelope } from '../../src/cms/password-envelope.ts';
import { unwrapped } from '../../src/cms/password-recipient.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { random } from '../kit/pki.ts';
import { flat, type Node, nodesOf, octetsOf } from '../kit/tree.ts';

const AES = CIPHERS.filter(({ keyWrap }) => keyWrap !== undefined);
const AES_128 = cipherByName('aes-128-cbc')!;
const PASSWORD = 'A1B2C3D4E5F60718';
const CONTENT = Buffer.from('the content');

const written = (cipher: ContentCipher, password = PASSWORD): Promise<Uint8Array> =>
  writePasswordEnvelope({ content: CONTENT, password, cipher, random });

async function openedBy(password: string, message: Uint8Array): Promise<Buffer | undefined> {
  const data = readEnvelopedData(message);
  const content = await openPasswordEnvelope({ ...data, cipher: data.cipher! }, password);
  return content && Buffer.from(content);
}

for (const cipher of AES)
  for (const password of [PASSWORD, 'Zürich', 'x'.repeat(2800)])
    test(`E13 ${cipher.name}, a password of ${password.length}: opens with it and with no other`, async () => {
      const message = await written(cipher, password);
      assert.deepEqual(await openedBy(password, message), CONTENT);
      await assert.rejects(openedBy(`${password}.`, message), DerError);
    });

describe('EnvelopedData for a password and openssl', { skip: withoutOpenssl }, () => {
  for (const cipher of AES)
    test(`E13 ${cipher.name}: openssl opens our message`, async () => {
      const message = await written(cipher);
      const command = `cms -decrypt -binary -inform DER -in message -pwri_password ${PASSWORD}`;
      assert.deepEqual(openssl(command.split(' '), { message }), CONTENT);
    });
});

const integers = (message: Uint8Array): string[] =>
  flat(nodesOf(message)[0]!).flatMap((node) =>
    node.tag === 0x02 && 'content' in node ? [Buffer.from(node.content).toString('hex')] : [],
  );

test('E13 versions 3 and 0, 10,000 iterations, and the length of the key', async () => {
  assert.deepEqual(integers(await written(AES_128)), ['03', '00', '2710', '10']);
  assert.deepEqual(integers(await written(cipherByName('aes-256-cbc')!)), ['03', '00', '2710', '20']);
});

test('E13 salt, IVs and content key are new each time', async () => {
  const strings = (message: Uint8Array) =>
    flat(nodesOf(message)[0]!).flatMap((node) =>
      [0x04, 0x80].includes(node.tag) && 'content' in node ? [Buffer.from(node.content).toString('hex')] : [],
    );
  const all = (await Promise.all([written(AES_128), written(AES_128)])).flatMap(strings);
  assert.deepEqual([all.length, new Set(all).size], [10, 10]);
});

test('E13 3DES and DES are not written with a password', async () => {
  for (const cipher of CIPHERS.filter((row) => !AES.includes(row))) await assert.rejects(written(cipher), TypeError);
});

/** The message with one element replaced: the first with this tag and these octets. */
function replaced(message: Uint8Array, [tag, from]: [number, string], to: string): Buffer {
  const [root] = nodesOf(message);
  const isIt = (node: Node): node is Node & { content: Uint8Array } =>
    node.tag === tag && 'content' in node && Buffer.from(node.content).toString('hex') === from;
  const node = flat(root!).find(isIt);
  assert.ok(node, from);
  node.content = Buffer.from(to, 'hex');
  return octetsOf(root!);
}

test('E13 iterations that take minutes, none, and a key of another length are malformed', async () => {
  const message = await written(AES_128);
  for (const [from, to] of [
    ['2710', '00989681'],
    ['2710', '00'],
    ['10', '20'],
  ] as const)
    await assert.rejects(openedBy(PASSWORD, replaced(message, [0x02, from], to)), DerError, `${from} ${to}`);
});

test('E13 another derivation, key encryption or function is not supported', async () => {
  const message = await written(AES_128);
  for (const [from, to] of [
    ['2a864886f70d01050c', '2a864886f70d01050d'],
    ['2a864886f70d0109100309', '2a864886f70d0109100308'],
    ['2a864886f70d0209', '2a864886f70d0206'],
  ] as const)
    assert.equal(await openedBy(PASSWORD, replaced(message, [0x06, from], to)), undefined, from);
});

test('an encryptedKey that is not of whole blocks, or of fewer than two, is malformed (RFC 3211 2.3.2)', () => {
  for (const octets of [0, 15, 16, 31, 33])
    assert.throws(
      () => unwrapped(randomBytes(octets), { cipher: AES_128, iv: Buffer.alloc(16), key: Buffer.alloc(16) }),
      (error) => error instanceof DerError && error.message === `encryptedKey of ${octets} octets`,
    );
});
