/** step-ca as the issuer of an authority, with the tokens of a JWK or an X5C provisioner. */
import { defined } from '../../core/defined.ts';
import type { Clock, RandomBytes } from '../../core/environment.ts';
import type { IssuerErrorCode } from '../../core/errors.ts';
import {
  type Issued,
  type IssuerCapabilities,
  REVOCATION_REASONS,
  type RevocationOrder,
  type RevocationReason,
} from '../../core/issuer.ts';
import { field } from '../../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault, unhealthy } from '../backend-fault.ts';
import type { Backend } from '../backend.ts';
import { certificatesIn } from '../given-certificates.ts';
import { refusedReply, said } from '../said.ts';
import { wantedCertificates, type WantedPlace } from '../wanted-certificate.ts';
import { provisionerTokens } from './provisioner-tokens.ts';
import { provisionerStanding } from './provisioner-standing.ts';
import { signCall } from './step-ca-order.ts';
import type { StepCaSettings } from './step-ca-settings.ts';

/** `client`: of the address in the settings. */
export type StepCaServices = { client: BackendClient; clock: Clock; random: RandomBytes; place: WantedPlace };

const CAPABILITIES: IssuerCapabilities = {
  sanFromCsr: true,
  sanFromRequest: true,
  subjectFromRequest: true,
  validityOverride: true,
  revokeReasons: Object.keys(REVOCATION_REASONS) as RevocationReason[],
};

/** 403: a rule of the provisioner; 501: it has no database, so that it revokes nothing. */
const CODES: Readonly<Record<number, IssuerErrorCode>> = { 403: 'rejected', 501: 'misconfigured' };

/** The backend. Its calls throw IssuerError. Throws ConfigError for a key, a certificate or a place that does not fit. */
export function stepCaBackend(settings: StepCaSettings, services: StepCaServices): Backend {
  const { client, clock, random, place } = services;
  const tokens = provisionerTokens(settings, clock, random);
  const wanted = wantedCertificates(place, clock);
  const ask = async (call: BackendCall, what: string, signal: AbortSignal): Promise<BackendReply> => {
    const reply = await client.call(call, signal);
    if (reply.status >= 300 && !isRevokedAlready(reply))
      throw refusedReply(reply, {
        what: `step-ca (${client.host}): ${what}`,
        codes: CODES,
        secrets: call.secrets ?? [],
      });
    return reply;
  };
  return {
    backend: 'step-ca',
    capabilities: { ...CAPABILITIES, ...defined({ appends: place.profile.subject?.append }) },
    async issue(request, decision, signal) {
      const certificate = wanted(request, decision);
      const reply = await ask(signCall(request, certificate, tokens), 'sign', signal);
      return { ...issuedIn(reply), wantedEnd: certificate.notAfter };
    },
    async revoke({ serial, reason }, signal) {
      await ask(revokeCall({ serial, reason }, tokens.token), 'revoke', signal);
    },
    async chain(signal) {
      const read = async (path: string) => (await ask(get(path), path, signal)).json;
      const listed = [await read('/intermediates'), await read('/roots')];
      return listed.flatMap((json) => certificatesIn([field(json, 'crts')].flat().join('\n')));
    },
    check: (signal) =>
      provisionerStanding(settings, { tokens, clock, ask: (path) => ask(get(path), path, signal) }).catch(unhealthy),
    close: client.close,
  };
}

const get = (path: string): BackendCall => ({ method: 'GET', path, idempotent: true });

/** `certChain` begins with the certificate itself. Old versions have only `crt` and `ca`. */
function issuedIn({ json }: BackendReply): Issued {
  const chain = [field(json, 'certChain')].flat().flatMap(certificatesIn);
  const [certificate, ...above] =
    chain.length > 0 ? chain : ['crt', 'ca'].flatMap((name) => certificatesIn(field(json, name)));
  if (!certificate) throw backendFault('unknown-outcome', 'step-ca answered that it made a certificate, and sent none');
  return { kind: 'issued', certificate, chain: above };
}

const REVOKE = '/1.0/revoke';

/** step-ca knows serial numbers in decimal, and takes others without an error. Twice the same call revokes once. */
function revokeCall(
  { serial, reason }: Pick<RevocationOrder, 'serial' | 'reason'>,
  token: ReturnType<typeof provisionerTokens>['token'],
): BackendCall {
  const subject = BigInt(`0x${serial}`).toString();
  const ott = token({ path: REVOKE, subject });
  const json = { serial: subject, ott, reasonCode: REVOCATION_REASONS[reason], reason, passive: true };
  // Not made again by the client: a token counts once.
  return { method: 'POST', path: REVOKE, json, idempotent: false, secrets: [ott] };
}

const isRevokedAlready = (reply: BackendReply): boolean =>
  reply.status === 400 && /is already revoked/.test(said(reply, []));
