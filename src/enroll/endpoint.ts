/** An enrolment endpoint: one SCEP URL with its policy, issuer and rules. `app/` and embedders assemble it. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { EarlierCa } from '../core/earlier-ca.ts';
import type { EndpointIssuer, Revoker } from '../core/issuer.ts';
import type { Policy } from '../core/policy.ts';
import type { Store } from '../core/store.ts';
import type { MessageCodec } from '../scep/codec.ts';
import type { Waits } from './waits.ts';

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
  /** How long an identical request is answered with the same certificate. */
  retention: number;
  /** `false`: a certificate of this server may not renew itself; its holder needs the policy, like every other client. */
  renewal?: boolean;
  /** `manual`: what the policy allows waits for an administrator. Renewals do not. */
  approval?: 'manual';
  /** How long before its end a certificate may be renewed; undefined: at any time. */
  renewBefore?: number;
  /** Milliseconds after the first certificate of a line of renewals during which certificates of it may renew. */
  maxLifetime?: number;
  /** What a browser gets: a page that explains the URL, or 403; the page when absent. */
  landing?: 'page' | '403';
};

/** A CA, DER, whose certificates have not all ended, and its current CRL. */
export type CaWithList = { certificate: Uint8Array; crl: () => Promise<Uint8Array> };

/** One endpoint as the line uses it: its settings, and what decides, signs and reads for it. */
export type Endpoint = EndpointSettings & {
  policy: Policy;
  issuer: EndpointIssuer;
  /** The issuing CA first, the root last; DER. A message signed by a certificate of the first one may be a renewal. */
  chain: readonly Uint8Array[];
  /** For an issuer whose CA keeps its own revocation list: told of every revocation, later if it cannot be reached. */
  revoker?: Revoker;
  /** The current CRL, DER, for GetCRL. */
  crl?: () => Promise<Uint8Array>;
  /** Whether what decides about requests or signs does not answer now, so that they wait. For the page for browsers. */
  waiting?: () => boolean;
  /** CAs before the present one, with the lists of their certificates: GetCRL gets them by the name of the CA. */
  previous?: readonly CaWithList[];
  /** CAs of before, whose certificates may renew here as those of this server do. */
  renewalFrom?: readonly EarlierCa[];
  codec: MessageCodec;
  /** Whether the keys of the RA are outside of this process, in an HSM or a service: the codec waits for them. */
  keysElsewhere?: () => boolean;
};

/**
 * What enrolment needs beside the endpoint. `deadline` gives the signal that ends the time of one request, `storeDeadline`
 * one that aborts later: what has not ended by then hangs in the store.
 */
export type EnrollmentServices = {
  store: Store;
  clock: Clock;
  emit: Emit;
  deadline: () => AbortSignal;
  storeDeadline: () => AbortSignal;
  /** This process, as the owner of leases in the store. No other process has the same. */
  owner: string;
  /** The CAs of all endpoints, present and past: the one that made a certificate is told of its revocation. */
  toldCas?: readonly ToldCa[];
};

/** A CA, DER. Without a `revoker` it needs not to be told: its revocation list is made from the store. */
export type ToldCa = { certificate: Uint8Array; revoker?: Revoker };

/** An endpoint and the services it works with; and for one request, to whom it says that it waits. */
export type EndpointContext = { endpoint: Endpoint; services: EnrollmentServices; waits?: Waits };
