/** Whether two actors may be one person, who has a login, a user of the operating system, or both. */
import type { AuditActor } from '../core/records.ts';

/** At the end of the name of a person of a provider: its immutable id. What is before it is what the person chose. */
const PROVIDED = /\(oidc (?<id>[^()]+)\)$/;
/** In the name of a user of the command line: the one who ran sudo. */
const SUDO = /\bsudo: (?<user>[^(),]+)/;

/**
 * Two persons of a provider are told apart by their ids. Others are taken for one when their names are the same without
 * domain and letter case, so that nobody is their own second person with another login.
 */
export function mayBeSame({ name: first = '' }: AuditActor, { name: second = '' }: AuditActor): boolean {
  const ids = [first, second].map((name) => PROVIDED.exec(name)?.groups?.['id']);
  if (ids[0] !== undefined && ids[1] !== undefined) return ids[0] === ids[1];
  // A user who ran sudo is told apart from another one who did, and not from the account itself.
  const isOneAccount = accountOf(first) === accountOf(second) && !(SUDO.test(first) && SUDO.test(second));
  return isOneAccount || shortName(first) === shortName(second);
}

/** The name of what a second person has confirmed. */
export const nameOfTwo = (second: string, proposer: string): string => `${second} (proposed by ${proposer})`;

/** Whether two persons did it. */
export const isOfTwo = ({ name = '' }: AuditActor): boolean => /.\(proposed by .*\)$/s.test(name);

const accountOf = (name: string): string => name.replace(/ \(.*$/s, '');

function shortName(name: string): string {
  const user = SUDO.exec(name)?.groups?.['user'] ?? accountOf(name);
  return user.trim().replace(/^.*\\/s, '').replace(/@.*$/s, '').toLowerCase();
}
