import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseAlgorithms,
  getCaCertificates,
  getCapabilities,
  recipientOf,
  ServerError,
} from '../../src/client/ca-operations.ts';
import { caCertificates } from '../../src/scep/ca-certificates.ts';
import { rsaKey } from '../kit/keys.ts';
import { basicConstraints, keyUsage } from '../../src/pkix/extensions.ts';
import { certificateFor, issuing, ra, root } from '../kit/pki.ts';
import { flat, nodesOf, octetsOf } from '../kit/tree.ts';
import { scepServer, URL_OF_SERVER } from './scep-server.ts';

const read = async (body: Uint8Array): Promise<Buffer[]> =>
  (await getCaCertificates(scepServer({ caCertificates: body }).fetch, URL_OF_SERVER)).map((der) => Buffer.from(der));
const bundle = [ra, issuing, root].map(({ certificate }) => Buffer.from(certificate));
const { body } = caCertificates(bundle.slice(0, 1), bundle.slice(1));

test('A01 reads a list of certificates, DER and BER', async () => {
  assert.deepEqual(await read(body), bundle);
  const [list] = nodesOf(body);
  for (const node of flat(list!)) node.form = { indefinite: true };
  assert.deepEqual(await read(octetsOf(list!)), bundle);
});
test('A02 reads a certificate alone', async () => assert.deepEqual(await read(root.certificate), [bundle[2]]));

for (const text of ['A\nB', 'A\r\nB\r\n', 'A \n\nB\n', '\nA\nB'])
  test(`reads capabilities: ${JSON.stringify(text)}`, async () => {
    const { fetch } = scepServer({ capabilities: text });
    assert.deepEqual(await getCapabilities(fetch, URL_OF_SERVER), new Set(['A', 'B']));
  });

test('keeps the query of the URL that it is given', async () => {
  const { fetch, asked } = scepServer();
  await getCapabilities(fetch, `${URL_OF_SERVER}?tenant=1`);
  assert.equal(asked[0]!.url.search, '?tenant=1&operation=GetCACaps');
});

const CHOICES: readonly [string, string | undefined][] = [
  ['SCEPStandard', 'sha256'],
  ['AES SHA-256', 'sha256'],
  ['AES SHA-512', 'sha512'],
  ['AES SHA-256 SHA-512', 'sha256'],
  ['AES SHA-1', undefined],
  ['DES3 SHA-256', undefined],
  ['', undefined],
];
for (const [said, digest] of CHOICES)
  test(`C05 of "${said}" it chooses ${digest ?? 'nothing'}`, () => {
    const choose = () => chooseAlgorithms(new Set(said.split(' ')));
    if (digest) assert.deepEqual(choose(), { digest, cipher: 'aes-128-cbc' });
    else assert.throws(choose, ServerError);
  });

const { spki } = rsaKey('recipient');
const signer = await certificateFor(spki, { extensions: [keyUsage(['digitalSignature'])] });
const encipherer = await certificateFor(spki, { extensions: [keyUsage(['keyEncipherment'])] });
const plain = await certificateFor(spki);
const bare = await certificateFor(spki, { extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] });
const ca = await certificateFor(spki, { extensions: [basicConstraints(true), keyUsage(['keyEncipherment'])] });
const agreeing = await certificateFor(spki, { extensions: [keyUsage(['keyAgreement'])] });
test('A04 encrypts to an RA for key agreement, as one with an EC key is, rather than to one that only signs', () => {
  assert.equal(recipientOf([signer, agreeing, bare]), agreeing);
  assert.equal(recipientOf([signer, agreeing, encipherer]), encipherer);
  assert.equal(recipientOf([ca, signer, agreeing]), agreeing);
});

test('A04 encrypts to the certificate that may encipher keys, rather to an RA than to a CA', () => {
  assert.equal(recipientOf([signer, encipherer, ca]), encipherer);
  assert.equal(recipientOf([ca, signer, plain]), plain);
  assert.equal(recipientOf([signer, ca]), ca);
  assert.equal(recipientOf([signer]), signer);
  assert.throws(() => recipientOf([]), ServerError);
});

test('an answer without an end is refused after 4 MB, and the rest is not read', async () => {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent++;
      controller.enqueue(new Uint8Array(1024 * 1024));
      if (sent === 64) controller.close();
    },
  });
  await assert.rejects(
    getCapabilities(async () => new Response(body), URL_OF_SERVER),
    {
      name: 'ServerError',
      message: 'GetCACaps: the answer has more than 4194304 octets',
    },
  );
  assert.ok(sent < 10, `${sent} MB`);
});
