/**
 * A fake of the REST interface of DigiCert Trust Lifecycle Manager, made after its published description and what public clients of it send
 * and read. The service was not asked whether it is like this.
 */
import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { readCertificate, serialText } from '../../../src/pkix/certificate.ts';
import { certificatePem } from '../../../src/pkix/pem.ts';
import { DAY, NOW } from '../../kit/pki.ts';
import { type Got, json } from '../https-ca.ts';
import { certified, type Signer } from './certified.ts';

type Kept = { der: Uint8Array; seat: string; status: string };
type Ordered = { csr: string; seat: string; days?: number };
type OrderBody = { csr: string; seat: { seat_id: string }; validity?: { unit: string; duration: number } };
type Answer = { status: number; body?: object };

/** What a test sets, and what the fake keeps. */
export type FakeDigicert = {
  profile: object;
  /** Whether orders wait until they are picked up; and whether they can be by now. */
  waits: boolean;
  decided: boolean;
  /** Answered to the next orders in place of a certificate. */
  faults: Answer[];
  /** The most certificates on one page of a search. */
  mostItems: number;
  /** By serial number, upper-case hexadecimal. */
  certificates: Map<string, Kept>;
  answer: (got: Got, response: ServerResponse) => void;
};

/** The key of the service user. */
export const API_KEY = '01a2b3c4d5e6f7_0123456789abcdef0123456789abcdef';
/** The id of the profile. */
export const PROFILE_ID = 'a0e3a3a4-6f0f-4b4c-9d9e-5e3f9a3f7c11';

const error = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ code, message }] },
});

/** `signer`: other than the CA of the tests. */
export function fakeDigicert(signer?: Signer): FakeDigicert {
  const orders = new Map<string, Ordered & { pickedUp: boolean }>();

  async function make({ csr, seat, days }: Ordered): Promise<Answer> {
    const now = signer?.now ?? NOW;
    const ends = days === undefined ? {} : { notAfter: new Date(now.getTime() + days * DAY) };
    const der = await certified(Buffer.from(csr, 'base64'), ends, signer);
    const serial = serialText(readCertificate(der).serialNumber).toUpperCase();
    fake.certificates.set(serial, { der, seat, status: 'issued' });
    return {
      status: 201,
      body: { serial_number: serial, delivery_format: 'x509', certificate: certificatePem(der) },
    };
  }

  async function order({ csr, seat: { seat_id: seat }, validity }: OrderBody): Promise<Answer> {
    const fault = fake.faults.shift();
    if (fault) return fault;
    if (validity && validity.unit !== 'days') return error(400, 'invalid_validity', 'no such unit');
    const ordered = { csr, seat, ...(validity && { days: validity.duration }) };
    if (!fake.waits) return make(ordered);
    const id = `request-${orders.size + 1}`;
    orders.set(id, { ...ordered, pickedUp: false });
    return { status: 202, body: { request_id: id } };
  }

  async function pickUp(id: string): Promise<Answer> {
    const waiting = orders.get(id);
    if (!waiting || waiting.pickedUp) return error(400, 'request_not_found', 'no such request');
    if (!fake.decided) return { status: 200, body: { status: 'PENDING' } };
    waiting.pickedUp = true;
    return make(waiting);
  }

  function search(query: URLSearchParams): Answer {
    const found = [...fake.certificates.values()]
      .filter(({ seat, status }) => seat === query.get('seat_id') && status === query.get('status'))
      .map(({ der, status }) => ({ certificate: certificatePem(der), status }));
    const [offset, limit] = [Number(query.get('offset')), Math.min(fake.mostItems, Number(query.get('limit')))];
    const items = found.slice(offset, offset + limit);
    return { status: 200, body: { total: found.length, offset, limit, items } };
  }

  function change(serial: string, thumbprint: string | null, status: string): Answer {
    const kept = fake.certificates.get(serial);
    if (!kept || hash('sha256', kept.der, 'hex').toUpperCase() !== thumbprint)
      return error(404, 'certificate_not_found', 'no such certificate');
    if (kept.status === 'revoked') return error(400, 'invalid_certificate_status', 'the status does not allow it');
    kept.status = status;
    return { status: 204 };
  }

  async function answered({ method, path, headers, body }: Got): Promise<Answer> {
    const { pathname, searchParams } = new URL(path, 'https://fake');
    const length = headers['content-length'];
    if (headers['user-agent'] === undefined) return error(400, 'no_user_agent', 'User-Agent is missing');
    if (method !== 'GET' && method !== 'DELETE' && length !== String(Buffer.byteLength(body)))
      return error(411, 'no_length', 'Content-Length is missing');
    if (headers['x-api-key'] !== API_KEY) return error(401, 'access_denied', 'the token is not valid');
    const [version, kind, id = '', verb] = pathname.split('/').slice(3);
    if (`${version}/${kind}` === 'v2/profile')
      return id === PROFILE_ID ? { status: 200, body: fake.profile } : error(403, 'access_denied', 'no such profile');
    const read = (): OrderBody => JSON.parse(body) as OrderBody;
    if (kind === 'certificate-pickup') return pickUp(id);
    if (kind === 'certificate-search') return search(searchParams);
    if (method === 'POST') return order(read());
    if (method === 'GET') return { status: 200, body: { status: fake.certificates.get(id)?.status } };
    const { revocation_reason: reason } = (method === 'PUT' ? JSON.parse(body) : {}) as { revocation_reason?: string };
    const to = method === 'DELETE' ? 'issued' : reason === 'certificate_hold' ? 'suspended' : 'revoked';
    return verb === 'revoke'
      ? change(id, searchParams.get('thumbprint_sha256'), to)
      : error(404, 'none', 'no such path');
  }

  const fake: FakeDigicert = {
    profile: { id: PROFILE_ID, name: 'Devices', status: 'ACTIVE' },
    waits: false,
    decided: false,
    faults: [],
    mostItems: 100,
    certificates: new Map(),
    answer: (got, response) =>
      void answered(got).then(({ status, body }) =>
        body === undefined ? response.writeHead(status).end() : json(response, body, status),
      ),
  };
  return fake;
}
