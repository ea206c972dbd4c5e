/** The revocation list of an issuing CA for embedders, with the clock of the system where none is given. */
import {
  revocationList as listWithClock,
  type RevocationList,
  type RevocationListOptions,
} from '../revocation/revocation-list.ts';
import { systemClock } from './system.ts';

/** Signs a list when one is asked for, and keeps it until a certificate is revoked or half of its validity is over. */
export const revocationList = (
  options: Omit<RevocationListOptions, 'clock'> & Partial<Pick<RevocationListOptions, 'clock'>>,
): RevocationList => listWithClock({ clock: systemClock, ...options });
