/** The revocation list of an issuing CA for embedders, with the clock of the system by default. */
import {
  revocationList as listWithClock,
  type RevocationList,
  type RevocationListOptions,
} from '../revocation/revocation-list.ts';
import { systemClock, systemDeadline } from './system.ts';

/** As `RevocationListOptions`, with the clock of the system when none is given. */
export type ListOptions = Omit<RevocationListOptions, 'clock' | 'deadline'> &
  Partial<Pick<RevocationListOptions, 'clock'>>;

/** Signs a list on demand, and caches it until a certificate is revoked or half of its validity is over. */
export const revocationList = (options: ListOptions): RevocationList =>
  listWithClock({ clock: systemClock, deadline: systemDeadline, ...options });
