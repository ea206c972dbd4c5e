/**
 * A fake of the REST interface of DigiCert PKI Platform 8, made after what public clients of it send and read. The service was not asked
 * whether it is like this.
 */
import type { ServerResponse } from 'node:http';
import { readCertificate, serialText } from '../../../src/pkix/certificate.ts';
import { certificatePem } from '../../../src/pkix/pem.ts';
import { DAY, NOW } from '../../kit/pki.ts';
import { type Got, json } from '../https-ca.ts';
import { certified, type Signer } from './certified.ts';
import { PROFILE_OID } from './fake-platform8.ts';

type San = Record<string, readonly { id: string; type: string; mandatory: boolean; value: string }[]>;
type OrderBody = {
  profile: { id: string };
  csr: string;
  validity?: { unit: string; duration: number };
  attributes: { san?: San };
};
type Answer = { status: number; body?: object };

/** What a test sets, and what the fake keeps. */
export type FakePlatform8Rest = {
  /** The names of the subjectAltName that the profile has room for. */
  places: readonly { id: string; type: string; mandatory?: boolean; value?: string }[];
  /** Answered to the next orders in place of a certificate. */
  faults: Answer[];
  /** By serial number, upper-case hexadecimal: the reason of the revocation, or undefined. */
  certificates: Map<string, string | undefined>;
  answer: (got: Got, response: ServerResponse) => void;
};

/** The key of the account. */
export const REST_KEY = '01_0123456789abcdef0123456789abcdef';

const REASONS = ['key_compromise', 'affiliation_changed', 'cessation_of_operation', 'superseded'];

const error = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ code, message, field: 'none' }] },
});

/** `signer`: other than the CA of the tests. */
export function fakePlatform8Rest(signer?: Signer): FakePlatform8Rest {
  async function order({ profile, csr, validity, attributes: { san = {} } }: OrderBody): Promise<Answer> {
    const fault = fake.faults.shift();
    if (fault) return fault;
    if (profile.id !== PROFILE_OID) return error(400, 'invalid_profile', 'no such profile');
    for (const [type, entries] of Object.entries(san))
      for (const entry of entries)
        if (!fake.places.some(({ id, type: known }) => id === entry.id && known === type && type === entry.type))
          return error(400, 'invalid_san', 'the id is not of the profile');
    const now = signer?.now ?? NOW;
    const ends = validity ? { notAfter: new Date(now.getTime() + validity.duration * DAY) } : {};
    const der = await certified(Buffer.from(csr, 'base64'), ends, signer);
    const serial = serialText(readCertificate(der).serialNumber).toUpperCase();
    fake.certificates.set(serial, undefined);
    return { status: 201, body: { serial_number: serial, delivery_format: 'x509', certificate: certificatePem(der) } };
  }

  function revoke(serial: string, reason: string): Answer {
    if (!fake.certificates.has(serial)) return error(404, 'certificate_not_found', 'no such certificate');
    if (!REASONS.includes(reason)) return error(400, 'invalid_reason', 'no such reason');
    if (fake.certificates.get(serial) !== undefined) return error(400, 'already_revoked', 'it is revoked');
    fake.certificates.set(serial, reason);
    return { status: 200 };
  }

  async function answered({ method, path, headers, body }: Got): Promise<Answer> {
    if (headers['user-agent'] === undefined) return error(400, 'no_user_agent', 'User-Agent is missing');
    if (method !== 'GET' && headers['content-length'] !== String(Buffer.byteLength(body)))
      return error(411, 'no_length', 'Content-Length is missing');
    if (headers['x-api-key'] !== REST_KEY) return error(401, 'access_denied', 'the key is not valid');
    const [kind, id = ''] = path.split('/').slice(4);
    if (kind === 'profile') {
      const san = { attributes: fake.places };
      const profile = { id, name: 'Devices', certificate: { extensions: { san } } };
      return id === PROFILE_OID ? { status: 200, body: profile } : error(404, 'not_found', 'no such profile');
    }
    if (method === 'POST') return order(JSON.parse(body) as OrderBody);
    if (method === 'PUT') return revoke(id, (JSON.parse(body) as { revocation_reason: string }).revocation_reason);
    return { status: 200, body: { status: fake.certificates.get(id) === undefined ? 'VALID' : 'REVOKED' } };
  }

  const fake: FakePlatform8Rest = {
    places: ['dns_name', 'ip_address', 'rfc822_name', 'user_principal_name'].map((type, index) => ({
      id: `san-${index + 1}`,
      type,
    })),
    faults: [],
    certificates: new Map(),
    answer: (got, response) =>
      void answered(got).then(({ status, body }) =>
        body === undefined ? response.writeHead(status).end() : json(response, body, status),
      ),
  };
  return fake;
}
