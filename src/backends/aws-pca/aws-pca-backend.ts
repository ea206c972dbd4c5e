/** AWS Private CA as the issuer of an authority. Its SDK has credentials, signatures of requests and retries. */
import { MINUTE } from '../../core/durations.ts';
import type { Clock } from '../../core/environment.ts';
import { IssuerError } from '../../core/errors.ts';
import type { IssuancePending, Issued, IssuerCapabilities, RevocationReason } from '../../core/issuer.ts';
import type { Backend } from '../backend.ts';
import { backendFault } from '../backend-fault.ts';
import { certificatesIn } from '../given-certificates.ts';
import { foreignReference } from '../open-order.ts';
import { awsPcaCalls } from './aws-pca-calls.ts';
import { type AwsPcaPlace, issueInput, signingAlgorithm } from './aws-pca-order.ts';
import type { AwsPcaSdk } from './aws-pca-sdk.ts';
import { type AwsPcaSettings, CA_ARN } from './aws-pca-settings.ts';

/** `pause` waits so many milliseconds; `limit` is a signal that aborts after so many. */
export type AwsPcaServices = {
  sdk: AwsPcaSdk;
  clock: Clock;
  place: AwsPcaPlace & { chain: readonly Uint8Array[] };
  pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  limit: (ms: number) => AbortSignal;
};

const REASONS: Readonly<Partial<Record<RevocationReason, string>>> = {
  unspecified: 'UNSPECIFIED',
  keyCompromise: 'KEY_COMPROMISE',
  cACompromise: 'CERTIFICATE_AUTHORITY_COMPROMISE',
  affiliationChanged: 'AFFILIATION_CHANGED',
  superseded: 'SUPERSEDED',
  cessationOfOperation: 'CESSATION_OF_OPERATION',
  privilegeWithdrawn: 'PRIVILEGE_WITHDRAWN',
  aACompromise: 'A_A_COMPROMISE',
};

/** AWS remembers the token of an order for five minutes, from the first one on. Milliseconds, and less than those. */
const TOKEN_MS = 4 * MINUTE;

const CAPABILITIES: IssuerCapabilities = {
  sanFromCsr: true,
  validityOverride: true,
  idempotentFor: TOKEN_MS,
  pending: true,
  revokeReasons: Object.keys(REASONS) as RevocationReason[],
};

/** Milliseconds between the first questions for a certificate, which is usually there within two seconds. */
const PAUSES = [250, 500, 1_000, 2_000];
/** Seconds until the next question, later. */
const LATER_SECONDS = 30;

/** The backend. Its calls throw IssuerError. Throws ConfigError for the pinned certificate of a CA that AWS cannot have. */
export function awsPcaBackend(settings: AwsPcaSettings, services: AwsPcaServices): Backend {
  const { sdk, clock, place, pause } = services;
  const { certificateAuthority: CertificateAuthorityArn, endpoint } = settings;
  const region = settings.region ?? CA_ARN.exec(CertificateAuthorityArn)?.groups?.['region'];
  signingAlgorithm(place.certificate);
  const client = new sdk.ACMPCAClient({ region, maxAttempts: 3, ...(endpoint !== undefined && { endpoint }) });
  const chain = [place.certificate, ...place.chain];

  const call = awsPcaCalls(client, services.limit);

  async function poll(reference: string, signal: AbortSignal): Promise<Issued | IssuancePending> {
    if (!reference.startsWith(`${CertificateAuthorityArn}/certificate/`)) throw foreignReference(reference);
    const command = new sdk.GetCertificateCommand({ CertificateAuthorityArn, CertificateArn: reference });
    const answer = await call({ command, changes: false, expects: 'RequestInProgressException' }, signal);
    if (!answer) return { kind: 'pending', reference, retryAfter: LATER_SECONDS };
    const [certificate] = certificatesIn((answer as { Certificate?: string }).Certificate);
    if (!certificate) throw backendFault('unavailable', 'AWS Private CA answered without a certificate');
    return { kind: 'issued', certificate, chain, reference };
  }

  /** Once there is an ARN the order is open, whatever follows. Never answers late, because a late certificate would be revoked. */
  async function collected(arn: string, signal: AbortSignal): Promise<Issued | IssuancePending> {
    for (const ms of PAUSES) {
      const answer = await poll(arn, signal).catch((error: unknown) => {
        if (error instanceof IssuerError && error.retryable) return undefined;
        throw error;
      });
      signal.throwIfAborted();
      if (answer?.kind === 'issued') return answer;
      await pause(ms, signal);
    }
    return { kind: 'pending', reference: arn, retryAfter: LATER_SECONDS };
  }

  return {
    backend: 'aws-pca',
    capabilities: CAPABILITIES,
    async issue(request, _, signal) {
      const input = issueInput(request, settings, { ...place, now: clock() });
      const order = { command: new sdk.IssueCertificateCommand(input), changes: true };
      const ordered: { CertificateArn?: string } | undefined = await call(order, signal);
      if (ordered?.CertificateArn === undefined)
        throw backendFault('unknown-outcome', 'AWS Private CA answered an order without an ARN');
      return collected(ordered.CertificateArn, signal);
    },
    poll,
    async revoke({ serial, reason }, signal) {
      const RevocationReason = REASONS[reason] ?? 'UNSPECIFIED';
      const input = { CertificateAuthorityArn, CertificateSerial: withColons(serial), RevocationReason };
      const command = new sdk.RevokeCertificateCommand(input);
      await call({ command, changes: true, expects: 'RequestAlreadyProcessedException' }, signal);
    },
    async check(signal) {
      const command = new sdk.DescribeCertificateAuthorityCommand({ CertificateAuthorityArn });
      const asked = call({ command, changes: false }, signal);
      const answer = await asked.catch((error: unknown) => (error as Error).message);
      if (typeof answer === 'string') return { ok: false, detail: answer };
      const status =
        (answer as { CertificateAuthority?: { Status?: string } }).CertificateAuthority?.Status ?? 'unknown';
      return { ok: status === 'ACTIVE', detail: `the CA is ${status}` };
    },
    close: async () => client.destroy(),
  };
}

/** As AWS writes a serial number. */
const withColons = (serial: string): string => serial.replace(/..(?=.)/g, '$&:');
