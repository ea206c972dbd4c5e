/**
 * A SCEP server without HTTP and without the enrolment service: a `fetch` over the codec. Each answer can be replaced.
 */
import assert from 'node:assert/strict';
import type { CertificationRequest } from '../../src/core/request.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { caCertificates } from '../../src/scep/ca-certificates.ts';
import { capabilities } from '../../src/scep/capabilities.ts';
import type { Fetch } from '../../src/client/ca-operations.ts';
import type { Opened, Reply, ScepRequest } from '../../src/scep/message.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { clock, context, HOUR, issuing, NOW, ra, random, root } from '../kit/pki.ts';

export const URL_OF_SERVER = 'http://scep.invalid/certsrv/mscep/mscep.dll';

export type ServerParts = {
  capabilities: string;
  caCertificates: Uint8Array;
  /** The reply to an opened message. */
  reply: (opened: Opened) => Promise<Reply> | Reply;
  /** Changes the octets of a CertRep before it is sent. */
  certRep: (octets: Uint8Array) => Uint8Array;
  status: number;
};

/** One call of `fetch`: method, operation and the parsed URL. */
export type Asked = { method: string; operation: string | null; url: URL };

/** The certificate for a request, signed by the issuing CA. */
export async function issue(request: ScepRequest): Promise<Uint8Array> {
  const csr = csrOf(request);
  return writeCertificate(
    {
      serialNumber: random(16),
      issuer: nameFromText('CN=Test Issuing'),
      subject: csr.subject,
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + HOUR),
      spki: csr.spki,
      extensions: [],
    },
    issuing.key,
  );
}

/** The certification request in a request. */
export function csrOf({ content }: ScepRequest): CertificationRequest {
  assert.ok(content.type === 'certification-request', content.type);
  return content.csr;
}

export const issuesEverything = async (opened: Opened): Promise<Reply> =>
  opened.kind === 'refused'
    ? { status: 'failure', code: opened.code }
    : { status: 'success', replyTo: opened.replyTo, certificates: [await issue(opened)] };

/** A `fetch` to such a server, its calls, and the messages that it received. */
export function scepServer(different: Partial<ServerParts> = {}): {
  fetch: Fetch;
  asked: Asked[];
  messages: Uint8Array[];
} {
  const asked: Asked[] = [];
  const messages: Uint8Array[] = [];
  const { rules, ra: authority } = context({ renewal: true });
  const codec = messageCodec({ ra: authority, rules, clock, random });
  const parts: ServerParts = {
    capabilities: capabilities({ legacy: new Set(), renewal: true, nextCa: false }),
    caCertificates: caCertificates([ra.certificate], [issuing.certificate, root.certificate]).body,
    reply: issuesEverything,
    certRep: (octets) => octets,
    status: 200,
    ...different,
  };
  async function certRep(request: Request): Promise<Uint8Array> {
    const inUrl = new URL(request.url).searchParams.get('message');
    const message = inUrl === null ? new Uint8Array(await request.arrayBuffer()) : Buffer.from(inUrl, 'base64');
    messages.push(message);
    const opened = await codec.open(message);
    return parts.certRep(await codec.seal(opened.header, await parts.reply(opened)));
  }
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const operation = url.searchParams.get('operation');
    asked.push({ method: request.method, operation, url });
    const answers: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
      GetCACaps: () => Buffer.from(parts.capabilities),
      GetCACert: () => parts.caCertificates,
      PKIOperation: () => certRep(request),
    };
    const body = await answers[operation ?? '']!();
    return new Response(Buffer.from(body), { status: parts.status });
  };
  return { fetch, asked, messages };
}
