/** An enrolment endpoint: one SCEP URL with its policy, issuer and rules. What `app/` and embedders put together. */
import type { Clock, Issuer, Logger, Policy, Revoker } from '../core/contracts.ts';
import type { Store } from '../core/store.ts';
import type { MessageCodec } from '../scep/codec.ts';

export type Endpoint = {
  /** The path of the URL, and the name of the endpoint in logs, store and notices. */
  path: string;
  policy: Policy;
  issuer: Issuer;
  /** For an issuer whose CA keeps its own revocation list: told when a certificate is revoked as never delivered. */
  revoker?: Revoker;
  codec: MessageCodec;
  /** Refuses requests signed with another key than the requested one. Windows always signs with another. */
  requireSignerKeyMatch?: boolean;
  /** How long an identical request is answered with the same certificate, in milliseconds. */
  retention: number;
};

/** What the line needs beside the endpoint. `deadline` gives the signal that bounds one request. */
export type Surroundings = { store: Store; clock: Clock; logger: Logger; deadline: () => AbortSignal };
