/** Messages in the form of clients that cannot run here, opened, answered, and sent as those clients send them. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ClientSigner } from '../../src/client/request-message.ts';
import { type CertRep, readCertRep } from '../../src/client/reply.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { LEGACY, type Legacy } from '../../src/cms/algorithms.ts';
import type { FailInfo } from '../../src/core/errors.ts';
import type { ScepService } from '../../src/enroll/service.ts';
import { httpServer } from '../../src/http/http-server.ts';
import { softwareKey } from '../../src/keys/software.ts';
import { caCertificates } from '../../src/scep/ca-certificates.ts';
import { type MessageCodec, messageCodec } from '../../src/scep/codec.ts';
import type { MessageHeader, Opened, Reply, ScepRequest } from '../../src/scep/message.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { keptLog } from '../kit/log.ts';
import { listening, only, raw } from '../http/server-under-test.ts';
import { clock, HOUR, random } from '../kit/pki.ts';

type Read = {
  messageType: string;
  transactionId: string;
  digest: string;
  cipher: string;
  transport: string;
  subject?: string;
  sameKey?: false;
  challenge?: string | null;
  extensions?: string[];
  validity?: { unit: string; count: number };
};
type Http = { method: 'GET' | 'POST'; target: string; version: string; headers: Record<string, string> };
type Vector = {
  client: string;
  why: string;
  cases: string[];
  http: Http;
  legacy: Legacy[];
  expect: 'request' | 'refused';
  failInfo?: FailInfo;
  read?: Read;
  message: string;
  signer: { certificate: string; key: string };
};

const folder = join(import.meta.dirname, '..', 'vectors', 'clients');
const load = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
const keyed = ({ certificate, key }: { certificate: string; key: string }): ClientSigner => ({
  certificate: bytes(certificate),
  key: softwareKey(createPrivateKey(key)),
});

const ra = load('ra.json') as { ca: string; certificate: string; key: string };
const raCertificates = [bytes(ra.certificate), bytes(ra.ca)];
const authority = registrationAuthority(keyed(ra));
const vectorIn = (name: string): Vector => load(name) as Vector;
const vectors = globSync('*.json', { cwd: folder }).filter((name) => name !== 'ra.json');

/** An endpoint that allows these algorithms, and looks at the time as one does by default. */
const endpoint = (...legacy: readonly Legacy[]): MessageCodec =>
  messageCodec({
    ra: authority,
    rules: { legacy: new Set(legacy), signingTime: { past: 24 * HOUR, future: HOUR }, renewal: true },
    clock,
    random,
  });

/** The codec with the simplest service: every client gets the certificate of the RA. */
const answerTo = (opened: Opened): Reply =>
  opened.kind === 'refused'
    ? { status: 'failure', code: opened.code }
    : { status: 'success', replyTo: opened.replyTo, certificates: raCertificates };

async function answered(codec: MessageCodec, message: Uint8Array): Promise<{ opened: Opened; body: Uint8Array }> {
  const opened = await codec.open(message);
  return { opened, body: await codec.seal(opened.header, answerTo(opened)) };
}

/** What the client reads in the reply; throws unless transaction, nonce and signature are those that it waits for. */
const readBy = ({ signer }: Vector, header: MessageHeader, body: Uint8Array): Promise<CertRep> =>
  readCertRep(body, {
    transactionId: header.transactionId,
    senderNonce: DerReader.over(header.senderNonceDer!).octetString(),
    trusted: raCertificates,
    signer: keyed(signer),
    random,
  });

async function assertReply(vector: Vector, header: MessageHeader, body: Uint8Array): Promise<void> {
  const reply = await readBy(vector, header, body);
  if (vector.expect === 'refused') assert.equal(reply.status === 'failure' && reply.failInfo, vector.failInfo);
  else assert.deepEqual(reply, { status: 'success', certificates: raCertificates, crls: [] });
}

function reading({ header, replyTo, content }: ScepRequest): Read {
  const { messageType, transactionId, digest } = header;
  const { cipher, transport } = replyTo;
  const read = { messageType, transactionId, digest, cipher, transport: Object.values(transport).join(' ') };
  if (content.type !== 'certification-request') return read;
  const { subjectText, challenge, extensions, requestedValidity, spki } = content.csr;
  return {
    ...read,
    subject: subjectText,
    ...(Buffer.compare(spki, replyTo.signerKey.spki) !== 0 && { sameKey: false }),
    challenge: challenge ?? null,
    extensions: extensions.map(({ oid }) => oid),
    ...(requestedValidity && { validity: requestedValidity }),
  };
}

const title = ({ cases, client, why }: Vector): string => `${cases.join(' ')} ${client}: ${why}`;

for (const name of vectors) {
  const vector = vectorIn(name);
  const message = bytes(vector.message);

  if (vector.expect === 'request')
    test(title(vector), async () => {
      const { opened, body } = await answered(endpoint(...vector.legacy), message);
      assert.ok(opened.kind === 'request', opened.kind === 'refused' ? opened.detail : '');
      assert.deepEqual(reading(opened), vector.read);
      assert.deepEqual(opened.legacy.toSorted(), vector.legacy.toSorted());
      await assertReply(vector, opened.header, body);
    });
  else
    test(title(vector), async () => {
      for (const legacy of [[], LEGACY]) {
        const { opened, body } = await answered(endpoint(...legacy), message);
        assert.equal(opened.kind, 'refused');
        await assertReply(vector, opened.header, body);
      }
    });

  for (const off of vector.legacy)
    test(`C05 ${vector.client}: ${off} alone is off`, async () => {
      const on = LEGACY.filter((one) => one !== off);
      const opened = await endpoint(...on).open(message);
      assert.ok(opened.kind === 'refused');
      assert.deepEqual([opened.code, opened.detail], ['algorithm_refused', `legacy ${off} is off at this endpoint`]);
    });
}

describe('sent as the client sends it', () => {
  const service: ScepService = {
    path: '/certsrv/mscep/mscep.dll',
    name: '/certsrv/mscep/mscep.dll',
    capabilities: '',
    cannotServe: () => undefined,
    caCertificates: caCertificates(raCertificates, []),
    caChain: caCertificates(raCertificates, []),
    async pkiOperation(message) {
      const { opened, body } = await answered(endpoint(...LEGACY), message);
      return { body, outcome: opened.kind === 'refused' ? 'refused' : 'issued', facts: {} };
    },
  };
  let app: Awaited<ReturnType<typeof httpServer>>;
  let port: number;
  before(async () => {
    app = await httpServer({ services: [service], emit: keptLog().emit, clock, grace: 50 });
    port = await listening(app);
  });
  after(() => app.close());

  for (const name of vectors) {
    const vector = vectorIn(name);
    const message = bytes(vector.message);
    const { method, target, version, headers } = vector.http;
    test(`${vector.cases.join(' ')} ${vector.client}: ${method}, HTTP/${version}`, async () => {
      const fields = {
        ...headers,
        connection: 'close',
        ...(method === 'POST' && { 'content-length': String(message.length) }),
      };
      const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\r\n`);
      const head = `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
      const response = only(await raw(port, head, ...(method === 'POST' ? [message] : [])));
      assert.equal(response.status, 200, response.body.toString('latin1'));
      assert.equal(response.headers.get('content-type'), 'application/x-pki-message');
      const { header } = await endpoint().open(message);
      await assertReply(vector, header, response.body);
    });
  }
});

test('P21 the nonce of a request comes again in the poll for it', async () => {
  const headers = await Promise.all(
    ['certmonger-request.json', 'certmonger-poll.json'].map(async (name) => {
      const { message } = vectorIn(name);
      return (await endpoint('des3').open(bytes(message))).header;
    }),
  );
  const [request, poll] = headers.map(({ messageType, transactionId, senderNonceDer }) => ({
    messageType,
    rest: [transactionId, Buffer.from(senderNonceDer!).toString('hex')],
  }));
  assert.deepEqual([request!.messageType, poll!.messageType], ['PKCSReq', 'CertPoll']);
  assert.deepEqual(request!.rest, poll!.rest);
});
