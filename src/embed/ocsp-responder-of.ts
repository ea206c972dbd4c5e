/** The OCSP responder for embedders, with defaults and the clock of the system. */
import { HOUR, MINUTE } from '../core/durations.ts';
import { type OcspOptions, type OcspResponder, ocspResponder as responder } from '../ocsp/ocsp-responder.ts';
import { systemClock } from './system.ts';

/** As `OcspOptions`; an answer is valid for an hour and used again for a minute when nothing else is given. */
export type OcspResponderOptions = Pick<OcspOptions, 'cas' | 'store'> & Partial<OcspOptions>;

/** Answers OCSP requests for CAs, signed by a certificate that each has issued for that (`createOcspSigner`). */
export const ocspResponder = (options: OcspResponderOptions): OcspResponder =>
  responder({ validity: HOUR, maxAge: MINUTE, nonIssued: 'unknown', clock: systemClock, ...options });
