/** Who acts on the store on behalf of the administrator, and the audit entry that says so. */
import type { Clock } from '../core/environment.ts';
import type { AuditEntry } from '../core/records.ts';

/**
 * `person`: `name` is the user who is logged in. `program`: `name` says how it proved who it is, for example `token`.
 * `address`: where the HTTP request came from. `system`: this server, in the job that `name` names.
 */
export type Actor = { kind: 'person' | 'program' | 'system'; name: string; address?: string };

/** Where the action came in: the command line, the HTTP API, a page in a browser, or a recurring job. */
export type Source = 'cli' | 'api' | 'page' | 'job';

/** On whose behalf a use case runs. */
export type Administrator = { actor: Actor; source: Source };

/** What a use case needs: the part of the store that it uses, the clock, and who asks for it. */
export type Management<S> = Administrator & { store: S; clock: Clock };

/** The audit entry of an administrator's action, now. */
export const auditEntry = (
  { clock, actor, source }: Management<unknown>,
  fields: Omit<AuditEntry, 'at' | 'actor' | 'source'>,
): AuditEntry => ({ at: clock(), actor, source, ...fields });
