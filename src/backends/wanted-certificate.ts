/** What is asked of a CA that takes more than a request: the certificate that this server would make itself. */
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { leafTemplate, planLeaf } from '../ca/leaf.ts';
import type { Profile } from '../ca/profile.ts';
import type { Clock } from '../core/environment.ts';
import type { Allow } from '../core/policy.ts';
import type { EnrollmentRequest, Extension } from '../core/request.ts';

/** What a backend is made for: what its certificates may contain, and the CA that issues with those above it, DER, pinned. */
export type WantedPlace = { profile: Profile; certificate: Uint8Array; chain: readonly Uint8Array[] };

/** Names are DER. `extensions`: with those that a CA writes itself, such as authorityKeyIdentifier. */
export type OrderedCertificate = { subject: Uint8Array; notAfter: Date; extensions: readonly Extension[] };

/** Plans certificates. Throws ConfigError for a place that does not fit; its result throws Refusal as `planLeaf`. */
export function wantedCertificates({ profile, certificate, chain }: WantedPlace, clock: Clock) {
  const ca = readCaCertificate(certificate, clock());
  const template = leafTemplate(profile, ca, readChain(ca, chain, clock()));
  return ({ csr, renews }: EnrollmentRequest, decision: Allow): OrderedCertificate => {
    const within = renews && decision.withinRenewed && { within: renews.certificate };
    return planLeaf(template, { csr, decision, now: clock(), serialNumber: NO_SERIAL, ...within });
  };
}

/** A plan needs a serial number, and this one is signed by nobody. */
const NO_SERIAL = Uint8Array.of(1);
