/** What allOf and anyOf ask of their members. */
import type { Allow, Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';

/** Throws ConfigError for a list without members: nothing would be checked. */
export function assertSome(members: readonly Policy[], kind: string): void {
  if (members.length === 0)
    throw new ConfigError(`${kind}: no policy in it, so nothing would be checked`, 'Name at least one policy.');
}

/** `allOf(static, intune)`. */
export const nameOf = (kind: string, members: readonly Policy[]): string =>
  `${kind}(${members.map(({ name }) => name).join(', ')})`;

export type Hearing = Policy & Required<Pick<Policy, 'notify'>>;

/** The members that can be told what became of a request. */
export const hearing = (members: readonly Policy[]): Hearing[] =>
  members.filter((member): member is Hearing => member.notify !== undefined);

/** How the member wants to hear of the certificate; one that cannot be told asks in vain. */
export const askedFor = (member: Policy, { notify }: Allow): Allow['notify'] => (member.notify ? notify : 'none');

/** The first of these that one of them asked for. */
const STRICTEST_FIRST = ['strict', 'outbox', 'none'] as const;

export const strictest = (asked: readonly Allow['notify'][]): Allow['notify'] =>
  STRICTEST_FIRST.find((mode) => asked.includes(mode)) ?? 'none';
