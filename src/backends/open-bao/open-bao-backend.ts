/** A role of the PKI secrets engine of OpenBao or Vault as the issuer of an authority. */
import type { Clock } from '../../core/environment.ts';
import { defined } from '../../core/defined.ts';
import { ConfigError, type IssuerErrorCode } from '../../core/errors.ts';
import type { Issued, IssuerCapabilities, IssuerStanding } from '../../core/issuer.ts';
import { asObject, field } from '../../outbound/untrusted-json.ts';
import type { BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault, unhealthy } from '../backend-fault.ts';
import type { Backend } from '../backend.ts';
import { certificatesIn } from '../given-certificates.ts';
import { refusedReply } from '../said.ts';
import { wantedCertificates, type WantedPlace } from '../wanted-certificate.ts';
import { signBody } from './open-bao-order.ts';
import { openBaoSession } from './open-bao-session.ts';
import type { OpenBaoSettings } from './open-bao-settings.ts';

/** `client`: of the address of OpenBao, with the client certificate for a login by it. */
export type OpenBaoServices = { client: BackendClient; clock: Clock; place: WantedPlace };

const CAPABILITIES: IssuerCapabilities = {
  sanFromRequest: true,
  validityOverride: true,
  revokeReasons: ['unspecified'],
};

/** 400: a rule of the role. 412: a replica that is behind. */
const CODES: Readonly<Record<number, IssuerErrorCode>> = { 400: 'rejected', 412: 'unavailable' };

/** The backend. Its calls throw IssuerError and, for what no role certifies, Refusal. Throws ConfigError for settings that do not fit. */
export function openBaoBackend(settings: OpenBaoSettings, { client, clock, place }: OpenBaoServices): Backend {
  const { mount, role, appends = place.profile.subject?.append } = settings;
  assertPath(mount, role);
  const wanted = wantedCertificates(place, clock);
  const session = openBaoSession(settings, client, clock);
  const ask: typeof session = async (call, signal) => {
    const reply = await session(call, signal);
    if (reply.status === 200) return reply;
    throw refusedReply(reply, { what: `OpenBao (${client.host}): ${call.path.slice('/v1/'.length)}`, codes: CODES });
  };
  const post = (path: string, json: object) =>
    ({ method: 'POST', path: `/v1/${path}`, json, idempotent: false }) as const;
  const check = async (signal: AbortSignal): Promise<IssuerStanding> => {
    const paths = [`${mount}/sign/${role}`, `${mount}/revoke`];
    const reply = await ask({ ...post('sys/capabilities-self', { paths }), idempotent: true }, signal);
    const refused = paths.filter((path) => !mayCall(field(dataOf(reply), path)));
    if (refused.length > 0)
      return { ok: false, detail: `the policies of the token do not allow ${refused.join(' and ')}` };
    return { ok: true, detail: `role ${role} of ${mount}` };
  };
  return {
    backend: 'openbao',
    capabilities: { ...CAPABILITIES, ...defined({ appends }) },
    async issue(request, decision, signal) {
      const certificate = wanted(request, decision);
      const body = signBody({ csr: request.csr.der, wanted: certificate, now: clock(), appends });
      const reply = await ask(post(`${mount}/sign/${role}`, body), signal);
      return { ...issuedIn(reply, client), wantedEnd: certificate.notAfter };
    },
    /** It records no reason. A second time is answered as the first. */
    async revoke({ serial }, signal) {
      const octets = serial.padStart(serial.length + (serial.length % 2), '0').match(/../g) ?? [];
      await ask({ ...post(`${mount}/revoke`, { serial_number: octets.join(':') }), idempotent: true }, signal);
    },
    async chain(signal) {
      const reply = await ask({ method: 'GET', path: `/v1/${mount}/cert/ca_chain`, idempotent: true }, signal);
      return certificatesIn(field(dataOf(reply), 'ca_chain'));
    },
    check: (signal) => check(signal).catch(unhealthy),
    close: client.close,
  };
}

const mayCall = (capabilities: unknown): boolean =>
  Array.isArray(capabilities) && ['update', 'create', 'root'].some((each) => capabilities.includes(each));

/** A role that leads out of `sign/` would be asked for certificates without its rules. */
function assertPath(mount: string, role: string): void {
  if (/^[\w.-]*\w[\w.-]*$/.test(role) && /^[\w-]+(\/[\w-]+)*$/.test(mount)) return;
  throw new ConfigError('OpenBao: a mount or a role that is no name', 'Write them like `pki` and `openndes`.');
}

const dataOf = ({ json }: BackendReply): object | undefined => asObject(field(json, 'data'));

function issuedIn(reply: BackendReply, { host }: BackendClient): Issued {
  const data = dataOf(reply);
  const [certificate] = certificatesIn(field(data, 'certificate'));
  if (!certificate)
    throw backendFault('unknown-outcome', `OpenBao (${host}) answered that it made a certificate, and sent none`);
  return { kind: 'issued', certificate, chain: [field(data, 'ca_chain')].flat().flatMap(certificatesIn) };
}
