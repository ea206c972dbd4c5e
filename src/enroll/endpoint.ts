/** An enrolment endpoint: one SCEP URL with its policy, issuer and rules. What `app/` and embedders put together. */
import type { Clock, Logger } from '../core/environment.ts';
import type { Issuer, Revoker } from '../core/issuer.ts';
import type { Policy } from '../core/policy.ts';
import type { Store } from '../core/store.ts';
import type { MessageCodec } from '../scep/codec.ts';

/**
 * What an administrator sets for one endpoint. The configuration, embedders and the line share these names, so that a
 * setting is passed on as it is.
 */
export type EndpointSettings = {
  /** The path of the URL. */
  path: string;
  /** What the store, notifications and the log call the endpoint. Renewals, polls and repeats find their rows by it. */
  name: string;
  /** Refuses requests signed with another key than the requested one. Windows always signs with another. */
  requireSignerKeyMatch?: boolean;
  /** How long an identical request is answered with the same certificate, in milliseconds. */
  retention: number;
  /**
   * `false`: a certificate of this server does not authorize its own renewal (RFC 8894 3.3.1.2): the policy is asked as
   * for a first enrolment, and RenewalReq is neither served nor announced in GetCACaps.
   */
  renewal?: boolean;
  /** `manual`: what the policy allows waits for an administrator. Renewals do not. */
  approval?: 'manual';
  /** How long before its end a certificate may be renewed, in milliseconds; undefined: at any time. */
  renewBefore?: number;
  /** What a browser gets: a page that says what this is, or 403; the page when absent. */
  landing?: 'page' | '403';
};

/** One endpoint as the line uses it: its settings, and what decides, signs and reads for it. */
export type Endpoint = EndpointSettings & {
  policy: Policy;
  issuer: Issuer;
  /** The issuing CA first, the root last; DER. A message signed by a certificate of the first one may be a renewal. */
  chain: readonly Uint8Array[];
  /** For an issuer whose CA keeps its own revocation list: told when a certificate is revoked as never delivered. */
  revoker?: Revoker;
  /** The current CRL, DER, for GetCRL. */
  crl?: () => Promise<Uint8Array>;
  codec: MessageCodec;
};

/** What the line needs beside the endpoint. `deadline` gives the signal that bounds one request. */
export type EnrollmentServices = { store: Store; clock: Clock; logger: Logger; deadline: () => AbortSignal };
