/** The client from a new key to a certificate, and the replies that it rejects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TAG } from '../../src/asn1/tags.ts';
import { bitString, encode, oid, sequence } from '../../src/asn1/writer.ts';
import {
  type ClientContext,
  discover,
  enroll,
  getCertificate,
  getCrl,
  poll,
  type ScepServer,
} from '../../src/client/scep-client.ts';
import { readingReply, ReplyError } from '../../src/client/reply.ts';
import { type Fetch, ServerError } from '../../src/client/ca-operations.ts';
import { createIssuingCa, createRa } from '../../src/ca/create.ts';
import { caCertificates } from '../../src/scep/ca-certificates.ts';
import type { Opened, Reply, ReplyTo, ScepRequest } from '../../src/scep/message.ts';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { rsaKey } from '../kit/keys.ts';
import { cmsDecrypt, withoutOpenssl } from '../kit/openssl.ts';
import { openedAny } from '../kit/requests.ts';
import { certificateFor, client, clock, context, HOUR, issuing, ra, raFor, random, root } from '../kit/pki.ts';
import { nodesOf, flat, octetsOf } from '../kit/tree.ts';
import { csrOf, issue, scepServer, type ServerParts, URL_OF_SERVER } from './scep-server.ts';

const PLAN = { subject: nameFromText('CN=device-1'), challenge: 'A1B2', key: client.key };

async function enrolAt(different: Partial<ServerParts>, plan: Parameters<typeof enroll>[1] = PLAN) {
  const { fetch, asked } = scepServer(different);
  const settings = { fetch, clock, random };
  const result = await enroll(await discover(URL_OF_SERVER, settings), plan, settings);
  return { result, asked };
}

test('P01 C05 enrols: the certificate is for the key, and every step is reported', async () => {
  const { fetch, asked } = scepServer();
  const steps: string[] = [];
  const settings = { fetch, clock, random, step: (description: string) => void steps.push(description) };
  const result = await enroll(await discover(URL_OF_SERVER, settings), PLAN, settings);
  assert.equal(result.status, 'success');
  assert.deepEqual(
    result.status === 'success' && Buffer.from(readCertificate(result.certificates[0]!).spki),
    Buffer.from(client.key.spki),
  );
  assert.match(result.transactionId, /^[0-9A-F]{40}$/);
  assert.deepEqual(
    asked.map(({ method, operation }) => [method, operation]),
    [
      ['GET', 'GetCACaps'],
      ['GET', 'GetCACert'],
      ['POST', 'PKIOperation'],
    ],
  );
  assert.match(steps[0]!, /^GetCACaps: POSTPKIOperation Renewal AES /);
  assert.deepEqual(steps.slice(1), ['GetCACert: 3 certificates', 'CertRep: success']);
});

for (const capabilities of ['POSTPKIOperation\nAES\nSHA-256\n', 'SCEPStandard\n'])
  test(`P01 by POST where the server says ${JSON.stringify(capabilities)}`, async () => {
    const { result, asked } = await enrolAt({ capabilities });
    assert.equal(result.status, 'success');
    assert.equal(asked.at(-1)!.method, 'POST');
  });

test('P01 by GET where the server takes no POST', async () => {
  const { result, asked } = await enrolAt({ capabilities: 'AES\r\nSHA-256 \r\n' });
  assert.equal(result.status, 'success');
  assert.equal(asked.at(-1)!.method, 'GET');
});

test('the transaction is named by the key: a repeat belongs to the same', async () => {
  const [first, second] = [await enrolAt({}), await enrolAt({})];
  assert.equal(first.result.transactionId, second.result.transactionId);
});

test('N01 a renewal is signed with the certificate given, as RenewalReq', async () => {
  const seen: Opened[] = [];
  const signer = { key: client.key, certificate: await certificateFor(client.key.spki) };
  const key = rsaKey('renewed');
  const reply = (opened: Opened) => {
    seen.push(opened);
    return { status: 'failure', code: 'renewal_refused' } as const;
  };
  const { result } = await enrolAt({ reply }, { ...PLAN, key, signer });
  assert.equal(seen[0]!.header.messageType, 'RenewalReq');
  assert.equal(result.status, 'failure');
});

/** The content of a message of the client, decrypted by openssl, and its signed attributes. */
async function sent(ask: (server: ScepServer, settings: ClientContext) => Promise<unknown>) {
  const { fetch, messages } = scepServer({ reply: () => ({ status: 'pending' }) });
  const settings = { fetch, clock, random };
  await ask(await discover(URL_OF_SERVER, settings), settings);
  const { header } = await openedAny(messages[0]!, context({ renewal: true }));
  return { header, content: cmsDecrypt(readDerOrBer(messages[0]!, readSignedData).message!, ra) };
}

const CA_NAME = nameFromText('CN=Test Issuing');

test('G01 a poll names the transaction of the key, the CA and the subject', { skip: withoutOpenssl }, async () => {
  const first = await sent((server, settings) => enroll(server, PLAN, settings));
  const { header, content } = await sent((server, settings) => poll(server, PLAN, settings));
  assert.equal(header.messageType, 'CertPoll');
  assert.equal(header.transactionId, first.header.transactionId);
  assert.deepEqual(content, Buffer.from(sequence(CA_NAME, PLAN.subject)));
});

test('G06 G07 GetCert and GetCRL name the CA and the serial number', { skip: withoutOpenssl }, async () => {
  const plan = { serialNumber: Buffer.of(0x00, 0xf1, 2), signer: client };
  for (const [messageType, ask] of [['GetCert', getCertificate] as const, ['GetCRL', getCrl] as const]) {
    const { header, content } = await sent((server, settings) => ask(server, plan, settings));
    assert.equal(header.messageType, messageType);
    assert.deepEqual(content, Buffer.from(sequence(CA_NAME, encode(TAG.integer, plan.serialNumber))));
  }
});

test('G01 where the CA itself is the recipient, it is the issuer that a poll names', {
  skip: withoutOpenssl,
}, async () => {
  const key = rsaKey('CA without RA');
  const common = { key, validity: HOUR, backdate: HOUR, clock, random };
  const certificate = await createIssuingCa({ ...common, subject: 'CN=CA Without RA' }, root);
  const leaf = await createRa({ ...common, subject: 'CN=Other RA' }, { certificate, key });
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const fetch: Fetch = async (_input, init) => {
    resolve(init?.body as Uint8Array);
    return new Response(null, { status: 503 });
  };
  const server = { url: URL_OF_SERVER, capabilities: new Set(['SCEPStandard']), recipient: certificate };
  for (const certificates of [[certificate], [certificate, leaf], [certificate, root.certificate]]) {
    await assert.rejects(poll({ ...server, certificates }, PLAN, { fetch, clock, random }), ServerError);
    const content = cmsDecrypt(readDerOrBer(await promise, readSignedData).message!, { certificate, key });
    assert.deepEqual(content, Buffer.from(sequence(nameFromText('CN=CA Without RA'), PLAN.subject)));
  }
});

test('a poll rejects a certificate for another key', async () => {
  const { fetch } = scepServer({ reply: success(() => [ra.certificate]) });
  const settings = { fetch, clock, random };
  const server = await discover(URL_OF_SERVER, settings);
  await assert.rejects(poll(server, PLAN, settings), /for another key/);
});

test('a certification request of an earlier run is sent as it is', async () => {
  const csr = await writeCertificationRequest(PLAN, client.key);
  const seen: Uint8Array[] = [];
  const reply = (opened: Opened) => {
    if (opened.kind === 'request') seen.push(csrOf(opened).der);
    return { status: 'pending' } as const;
  };
  await enrolAt({ reply }, { ...PLAN, challenge: 'another', csr });
  assert.deepEqual(
    seen.map((der) => Buffer.from(der)),
    [Buffer.from(csr)],
  );
});

test('pending and failure are values', async () => {
  assert.equal((await enrolAt({ reply: () => ({ status: 'pending' }) })).result.status, 'pending');
  const { result } = await enrolAt({ reply: () => ({ status: 'failure', code: 'challenge_used' }) });
  assert.deepEqual(result, {
    status: 'failure',
    failInfo: 'badRequest',
    text: 'The challenge password was refused.',
    hresult: -2146762480,
    transactionId: result.transactionId,
  });
});

test('P25 a CertRep in BER is read', async () => {
  const { result } = await enrolAt({
    certRep: (octets) => {
      const [message] = nodesOf(octets);
      for (const node of flat(message!)) node.form = { indefinite: true, chunk: 50 };
      return octetsOf(message!);
    },
  });
  assert.equal(result.status, 'success');
});

const changed = (octets: Uint8Array): Uint8Array =>
  Buffer.from(octets.map((octet, i) => (i === octets.length - 1 ? octet ^ 1 : octet)));

/** ML-DSA-65 in the place of rsaEncryption, the last one in the message: signatureAlgorithm of the SignerInfo. */
function withMlDsa(octets: Uint8Array): Uint8Array {
  const named = Buffer.from(octets);
  Buffer.from('300d06096086480165030403120500', 'hex').copy(
    named,
    named.lastIndexOf(Buffer.from('300d06092a864886f70d0101010500', 'hex')),
  );
  return named;
}

/** A success with these certificates. */
const success =
  (certificates: (request: ScepRequest) => Promise<Uint8Array[]> | Uint8Array[], replyTo: Partial<ReplyTo> = {}) =>
  async (opened: Opened): Promise<Reply> =>
    opened.kind === 'refused'
      ? { status: 'failure', code: opened.code }
      : { status: 'success', replyTo: { ...opened.replyTo, ...replyTo }, certificates: await certificates(opened) };

const toAnotherKey = { signerCertificate: readCertificate(ra.certificate), signerKey: readPublicKey(ra.key.spki) };
let old: Uint8Array | undefined;
await enrolAt({ certRep: (octets) => (old = octets) });

const DISHONEST: Readonly<Record<string, [Partial<ServerParts>, RegExp]>> = {
  'changed on its way': [{ certRep: changed }, /not signed by the RA/],
  'signed with ML-DSA-65': [
    { reply: () => ({ status: 'pending' }), certRep: withMlDsa },
    /^the signature algorithm of the reply is not supported: ML-DSA-65 \(2\.16\.840\.1\.101\.3\.4\.3\.18\)$/,
  ],
  'cut short': [{ certRep: (octets) => octets.subarray(0, 500) }, /malformed/],
  'no message at all': [{ certRep: () => Buffer.from('<html>') }, /malformed/],
  'not signed': [
    { certRep: () => caCertificates([ra.certificate], [root.certificate]).body },
    /not signed exactly once/,
  ],
  'of an earlier request': [{ certRep: () => old! }, /it may be an old one/],
  'a success without certificate': [{ reply: success(() => []) }, /holds no certificate/],
  'a certificate that is none': [{ reply: success(() => [Buffer.from('3003020101', 'hex')]) }, /malformed/],
  'a certificate for another key': [{ reply: success(() => [ra.certificate]) }, /for another key/],
  'a certificate that no CA of the bundle signed': [
    { reply: success(async (request) => [await certificateFor(csrOf(request).spki)]) },
    /no CA of GetCACert/,
  ],
  'a certificate changed after it was signed': [
    { reply: success(async (request) => [changed(await issue(request))]) },
    /no CA of GetCACert/,
  ],
  'encrypted to another key': [
    { reply: success(async (request) => [await issue(request)], toAnotherKey) },
    /malformed/,
  ],
};
for (const [what, [parts, text]] of Object.entries(DISHONEST))
  test(`rejects a reply: ${what}`, () =>
    assert.rejects(enrolAt(parts), (error) => error instanceof ReplyError && text.test(error.message)));

/** A SubjectPublicKeyInfo of this algorithm. */
const keyOfType = (id: string): Uint8Array => sequence(sequence(oid(id)), bitString(Buffer.alloc(1312)));
const SLH_DSA = keyOfType('2.16.840.1.101.3.4.3.20');
const unsupported = async (subject: string, spki: Uint8Array) =>
  certificateFor(spki, { subject: nameFromText(subject) });

test('rejects a server whose key is not supported by the name of its algorithm, or by its OID', async () => {
  const text = (name: string) =>
    `GetCACert, CN=Odd: the public key is not supported: ${name}. Messages to this server cannot be encrypted: it needs an RA with an RSA key`;
  for (const [id, name] of [
    ['2.16.840.1.101.3.4.3.20', 'SLH-DSA-SHA2-128s (2.16.840.1.101.3.4.3.20)'],
    ['1.2.3.4', '1.2.3.4'],
  ] as const)
    await assert.rejects(enrolAt({ caCertificates: await unsupported('CN=Odd', keyOfType(id)) }), {
      name: 'ServerError',
      message: text(name),
    });
});

test('rejects a reply: signed by none of the certificates that can be read, and one that cannot is named', async () => {
  const other = await raFor(rsaKey('other ra'), 'CN=Other RA');
  const signer = await unsupported('CN=Odd Signer', SLH_DSA);
  await assert.rejects(enrolAt({ caCertificates: caCertificates([other.certificate], [signer]).body }), {
    name: 'ReplyError',
    message:
      'the reply is not signed by the RA that GetCACert names. GetCACert, CN=Odd Signer: the public key is not supported: SLH-DSA-SHA2-128s (2.16.840.1.101.3.4.3.20)',
  });
});

test('rejects a certificate of a CA whose key is not supported, and names it', async () => {
  const ca = await unsupported('CN=Test Issuing', SLH_DSA);
  await assert.rejects(enrolAt({ caCertificates: caCertificates([ra.certificate], [ca]).body }), {
    name: 'ReplyError',
    message: 'GetCACert, CN=Test Issuing: the public key is not supported: SLH-DSA-SHA2-128s (2.16.840.1.101.3.4.3.20)',
  });
});

test('what fails while a reply is read and is no fault of the reply is not called malformed', async () => {
  const bug = new TypeError('a bug');
  await assert.rejects(
    readingReply(() => Promise.reject(bug)),
    (error) => error === bug,
  );
});

test('rejects a reply: signed by another RA than the one of GetCACert', async () => {
  const other = await raFor(rsaKey('other ra'), 'CN=Other RA');
  const bundle = caCertificates([other.certificate], [issuing.certificate, root.certificate]).body;
  await assert.rejects(
    enrolAt({ caCertificates: bundle }),
    (error) => error instanceof ReplyError && /not signed by the RA/.test(error.message),
  );
});

test('a CA of the bundle whose key is of an unknown kind does no harm', async () => {
  const spki = Buffer.from('300c300506032b6571030300aabb'.replace('6571', '6573'), 'hex');
  const strange = await certificateFor(spki);
  const bundle = caCertificates([ra.certificate], [strange, issuing.certificate, root.certificate]).body;
  assert.equal((await enrolAt({ caCertificates: bundle })).result.status, 'success');
});

const USELESS: Readonly<Record<string, [Partial<ServerParts>, RegExp]>> = {
  'answers 500': [{ status: 500 }, /GetCACaps: HTTP 500/],
  'offers nothing safe': [{ capabilities: 'POSTPKIOperation\nDES3\nSHA-1' }, /neither SCEPStandard nor AES/],
  'has no capabilities': [{ capabilities: '' }, /neither SCEPStandard nor AES/],
  'sends a page for a certificate': [{ caCertificates: Buffer.from('<!DOCTYPE html>') }, /neither a certificate/],
  'sends no certificate': [{ caCertificates: caCertificates([], []).body }, /no certificate/],
  'sends more than the limit': [{ caCertificates: Buffer.alloc(5 * 1024 * 1024) }, /more than 4194304 octets/],
};
for (const [what, [parts, text]] of Object.entries(USELESS))
  test(`cannot use a server that ${what}`, () =>
    assert.rejects(enrolAt(parts), (error) => error instanceof ServerError && text.test(error.message)));
