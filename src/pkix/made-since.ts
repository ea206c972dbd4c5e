/** When a certificate was made, as far as it says so itself. */
import { HOUR } from '../core/durations.ts';
import { readCertificate, readValidity } from './certificate.ts';

/** CAs write a beginning of up to a day before, and the clock of one may be an hour behind. Milliseconds. */
export const MOST_BACKDATED = 25 * HOUR;

/** Whether a CA can have made a certificate, DER, at this moment or after it. Throws DerError when it cannot be read. */
export const canBeMadeSince = (certificate: Uint8Array, moment: Date): boolean =>
  readValidity(readCertificate(certificate)).notBefore.getTime() >= moment.getTime() - MOST_BACKDATED;
