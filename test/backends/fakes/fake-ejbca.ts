/**
 * A fake of the REST interface of EJBCA, made after its documentation and what its public source answers. No EJBCA was asked whether it is
 * like this.
 */
import type { ServerResponse } from 'node:http';
import { readCertificate, readValidity, serialText } from '../../../src/pkix/certificate.ts';
import { type Got, json } from '../https-ca.ts';
import { certified, derOf, type Signer } from './certified.ts';

/** What a test sets, and what the fake keeps. */
export type FakeEjbca = {
  /** Whether orders wait for a person. */
  approval: boolean;
  /** The decision about each order that waits, by its number. */
  decisions: Map<number, 'approved' | 'rejected'>;
  /** Answered to the next orders in place of a certificate. */
  faults: { status: number; body: object }[];
  /** Waited for before an order is answered. */
  gate?: Promise<unknown>;
  /** Certificates by end entity, DER, in the order in which they were made. */
  certificates: Map<string, Uint8Array[]>;
  /** What was revoked: serial number and reason. */
  revoked: Map<string, string>;
  /** The most orders for one end entity that were under way together. */
  mostTogether: number;
  /** Whether the profiles let an order say when its certificate ends. */
  overridesValidity: boolean;
  /** Whether a search says that it lists not all. */
  moreResults: boolean;
  /** How the CAs are listed. */
  cas: { name: string; subject_dn: string }[];
  answer: (got: Got, response: ServerResponse) => void;
};

type Order = { certificate_request: string; username: string; end_time?: string } & Record<string, unknown>;
type Answer = { status: number; body: object };
type Waiting = Pick<Order, 'username' | 'certificate_request' | 'end_time'> & { finalized: boolean };

const PREFIX = '/ejbca/ejbca-rest-api/v1';
const error = (status: number, message: string): Answer => ({
  status,
  body: { error_code: status, error_message: message },
});

/** `signer`: other than the CA of the tests. */
export function fakeEjbca(signer?: Signer): FakeEjbca {
  const waiting = new Map<number, Waiting>();
  const together = new Map<string, number>();

  async function make({
    username,
    certificate_request: csr,
    end_time: end,
  }: Omit<Waiting, 'finalized'>): Promise<Answer> {
    const ends = end !== undefined && fake.overridesValidity ? { notAfter: new Date(end) } : {};
    const der = await certified(derOf(csr), ends, signer);
    fake.certificates.set(username, [...(fake.certificates.get(username) ?? []), der]);
    const body = {
      certificate: Buffer.from(der).toString('base64'),
      serial_number: serialText(readCertificate(der).serialNumber).toUpperCase(),
      response_format: 'DER',
    };
    return { status: 201, body };
  }

  async function enroll(order: Order): Promise<Answer> {
    const { username } = order;
    const now = (together.get(username) ?? 0) + 1;
    together.set(username, now);
    fake.mostTogether = Math.max(fake.mostTogether, now);
    await fake.gate;
    together.set(username, (together.get(username) ?? 0) - 1);
    const fault = fake.faults.shift();
    if (fault) return fault;
    if (!fake.approval) return make(order);
    const request = 4711 + waiting.size;
    waiting.set(request, { ...order, finalized: false });
    return waitsFor(request);
  }

  const waitsFor = (request: number): Answer => ({
    status: 202,
    body: { status_code: 202, info_message: 'Waiting for approval', request_id: request, link: 'https://elsewhere/' },
  });

  async function finalize(request: number): Promise<Answer> {
    const order = waiting.get(request);
    if (!order) return error(400, `Could not find request with Id '${request}'`);
    const decision = fake.decisions.get(request);
    if (decision === 'rejected') return error(400, `Request with Id '${request}' has been rejected`);
    if (decision === undefined) return waitsFor(request);
    if (order.finalized) return error(400, `Enrollment with Id '${request}' has already been finalized`);
    order.finalized = true;
    return make(order);
  }

  function search({ criteria }: { criteria: { property: string; value: string }[] }): Answer {
    const username = criteria.find(({ property }) => property === 'QUERY')?.value ?? '';
    const after = criteria.find(({ property }) => property === 'ISSUED_DATE')?.value;
    const begins = (der: Uint8Array): Date => readValidity(readCertificate(der)).notBefore;
    const found = (fake.certificates.get(username) ?? []).filter((der) => !after || begins(der) > new Date(after));
    const certificates = found.map((der) => ({
      // Its lists have base64 of base64.
      certificate: Buffer.from(Buffer.from(der).toString('base64')).toString('base64'),
    }));
    return { status: 200, body: { certificates, more_results: fake.moreResults } };
  }

  function revoke(issuer: string, serial: string, reason: string): Answer {
    if (!fake.cas.some(({ subject_dn: dn }) => dn === issuer)) return error(404, `CA '${issuer}' does not exist`);
    if (fake.revoked.has(serial) && reason !== 'REMOVE_FROM_CRL') return error(409, 'is already revoked');
    fake.revoked.set(serial, reason);
    return { status: 200, body: { issuer_dn: issuer, serial_number: serial, revoked: true } };
  }

  async function answered({ method, path, body }: Got): Promise<Answer> {
    const { pathname, searchParams } = new URL(path, 'https://fake');
    const parts = pathname.slice(PREFIX.length).split('/').slice(1).map(decodeURIComponent);
    const read = (): Order => JSON.parse(body) as Order;
    if (method === 'POST' && parts.join('/') === 'certificate/pkcs10enroll') return enroll(read());
    if (method === 'POST' && parts[2] === 'finalize') return finalize(Number(parts[1]));
    if (method === 'POST' && parts.join('/') === 'certificate/search')
      return search(JSON.parse(body) as Parameters<typeof search>[0]);
    if (method === 'PUT' && parts[3] === 'revoke')
      return revoke(String(parts[1]), String(parts[2]), String(searchParams.get('reason')));
    if (parts.join('/') === 'certificate/status')
      return { status: 200, body: { status: 'OK', version: '1.0', revision: 'EJBCA 9.6.0' } };
    if (parts.join('/') === 'ca') return { status: 200, body: { certificate_authorities: fake.cas } };
    return error(404, 'no such resource');
  }

  const fake: FakeEjbca = {
    approval: false,
    decisions: new Map(),
    faults: [],
    certificates: new Map(),
    revoked: new Map(),
    mostTogether: 0,
    overridesValidity: true,
    moreResults: false,
    cas: [{ name: 'Devices', subject_dn: 'CN=Test Issuing' }],
    answer: (got, response) => void answered(got).then(({ status, body }) => json(response, body, status)),
  };
  return fake;
}
