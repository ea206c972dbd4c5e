/** What is asked of a CA that takes more than a request: the certificate that this server would make itself. */
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { leafTemplate, planLeaf } from '../ca/leaf.ts';
import type { Profile } from '../ca/profile.ts';
import { DAY, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Allow } from '../core/policy.ts';
import type { EnrollmentRequest, Extension } from '../core/request.ts';
import { backendFault } from './backend-fault.ts';

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

/** When the certificate of a request must end. Throws Refusal as `planLeaf`. */
export type WantedEnd = (request: EnrollmentRequest, decision: Allow) => Date;

/** For CAs of which an order asks no more than that. Throws ConfigError for a place that does not fit. */
export function wantedEnds(place: WantedPlace, clock: Clock): WantedEnd {
  const wanted = wantedCertificates(place, clock);
  return (request, decision) => wanted(request, decision).notAfter;
}

/**
 * Whole days from now until a wanted end, for CAs that certify for days, and when they end: at most a day before. Throws IssuerError, which is
 * final, for less than a day.
 */
export function wholeDays(end: Date, now: Date): { days: number; end: Date } {
  const days = Math.floor((end.getTime() - now.getTime() + MINUTE) / DAY);
  if (days < 1) throw backendFault('invalid', 'the CA certifies for whole days, and less than one is wanted');
  return { days, end: new Date(now.getTime() + days * DAY) };
}
