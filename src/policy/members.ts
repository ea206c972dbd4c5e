/** What allOf and anyOf need to know about their members. */
import type { Allow, Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';

/** `kind` is for the message. Throws ConfigError for a list without members: nothing would be checked. */
export function assertMembers(members: readonly Policy[], kind: string): void {
  if (members.length === 0)
    throw new ConfigError(`${kind}: no policy in it, so nothing would be checked`, 'Name at least one policy.');
}

/** The name of the whole, such as `allOf(static, intune)`. */
export const compositeName = (kind: string, members: readonly Policy[]): string =>
  `${kind}(${members.map(({ name }) => name).join(', ')})`;

/** A policy with a `notify`. */
export type NotifiablePolicy = Policy & Required<Pick<Policy, 'notify'>>;

/** The members that have a `notify`, in their order. */
export const notifiable = (members: readonly Policy[]): NotifiablePolicy[] =>
  members.filter((member): member is NotifiablePolicy => member.notify !== undefined);

/** The notification mode that the member's decision asks for; `none` when the member has no `notify`. */
export const requestedMode = (member: Policy, { notify }: Allow): Allow['notify'] => (member.notify ? notify : 'none');

const STRICTEST_FIRST = ['strict', 'outbox', 'none'] as const;

/** The strictest of these modes: `strict` before `outbox` before `none`; `none` for an empty list. */
export const strictest = (modes: readonly Allow['notify'][]): Allow['notify'] =>
  STRICTEST_FIRST.find((mode) => modes.includes(mode)) ?? 'none';
