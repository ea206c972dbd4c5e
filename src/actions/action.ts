/**
 * What an operator may do, once for page, API and command line. Each action says which permission it asks for, what it
 * takes and what it returns; `perform` is the only way to run one.
 */
import type { z } from 'zod';
import type { Conditions } from '../core/condition.ts';
import { type Belonging, type RoleGrant, type Permission, reachOf, type Reach } from '../core/access.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { StoredProposal } from '../core/proposal-store.ts';
import type { Store } from '../core/store.ts';
import type { Administrator } from '../manage/administrator.ts';
import type { ChallengeIssuer } from '../manage/one-time-passwords.ts';
import type { PlanOf } from '../manage/pending-requests.ts';
import type { VerificationParts } from '../manage/history-verification.ts';
import { ActionError } from './action-error.ts';
import type { AuthoritySource } from './authority-view.ts';
import type { EndpointSource } from './endpoint-view.ts';
import type { TenantSource } from './tenant-view.ts';
import type { UserKeySource } from './user-key-source.ts';

/** Who runs an action: the person or program for the audit, and what it was granted. */
export type Caller = Administrator & { grants: readonly RoleGrant[] };

/** What actions work on. The parts of a running server are absent on the command line. */
export type Desk = {
  store: Store;
  clock: Clock;
  emit?: Emit;
  secondPerson?: SecondPerson;
  /** What the configuration grants now to the one who proposed. Without it, what it granted then. */
  grantsNow?: (proposal: Pick<StoredProposal, 'by' | 'grants'>) => readonly RoleGrant[];
  authorities?: AuthoritySource;
  tenants?: TenantSource;
  endpoints?: EndpointSource;
  /** What is wrong now, on all servers of the store. Does not throw. */
  conditions?: () => Promise<Conditions>;
  /** What would be issued for a request that waits. */
  plans?: PlanOf;
  /** The names of those who get messages. */
  receivers?: readonly string[];
  /** One for each endpoint with one-time passwords. */
  passwords?: readonly ChallengeIssuer[];
  /** Where an endpoint belongs, by its name: one place for each tenant. Without it limits to authorities and tenants cover no endpoint. */
  placesOf?: (endpoint: string) => readonly Belonging[];
  /** Without it a role that is limited sees no key of a person. */
  userKeys?: UserKeySource;
  /** Public keys that signed heads of the history, as `verifyHistory` takes them. */
  auditKeys?: VerificationParts['keys'];
  /** Resolves when the other work of the server that waits has had its turn. */
  pause?: () => Promise<void>;
};

/**
 * Keeps an action until a second person confirms it (`admin.twoPersons`). Returns the id of the proposal. A person who
 * confirms runs the action on a desk without this part.
 */
export type SecondPerson = { propose(proposal: Proposed): Promise<string> };

/** An action that waits for a second person. */
export type Proposed = { action: string; input: unknown; caller: Caller };

/** What `run` gets. `reach`: where the permission of the action holds for the caller. */
export type Running<I> = { desk: Desk; caller: Caller; reach: Reach; input: I };

/**
 * One action. `name`: `things.verb`. `about`: one sentence for the API and the matrix of permissions. `route`: method and
 * path below `/api/v1`, whose parameters in braces are members of the input. What `run` returns is JSON as `output`
 * describes it; it treats what is outside of `reach` as if it did not exist, and throws ActionError.
 */
export type Action<I = unknown, O = unknown> = {
  name: `${string}.${string}`;
  about: string;
  permission: Permission;
  route: `${'GET' | 'POST' | 'DELETE'} /${string}`;
  input: z.ZodType<I>;
  output: z.ZodType<O>;
  /** Whether the result has a secret: it is shown once, and kept nowhere. */
  secret?: true;
  /** Whether it needs a second person, where the configuration asks for two. Throws ActionError. */
  needsTwo?(running: Running<I>): boolean | Promise<boolean>;
  run(running: Running<I>): Promise<O>;
};

/** An action of any input, as tables hold it: the schema of the action checks the input before `run`. */
export type AnyAction = Action;

/** Gives an action the types of its schemas. */
export const action = <I, O>(description: Action<I, O>): Action<I, O> => description;

/** Whether it changes anything: a GET never does. */
export const changes = ({ route }: Pick<AnyAction, 'route'>): boolean => !route.startsWith('GET ');

/** `proposed`: nothing was done yet; a second person confirms the proposal of this id. */
export type Performed<O> = { kind: 'done'; output: O } | { kind: 'proposed'; id: string };

/** Where the caller may run an action. Throws ActionError when nowhere. */
export function reachFor({ name, permission }: Pick<AnyAction, 'name' | 'permission'>, { grants }: Caller): Reach {
  const reach = reachOf(grants, permission);
  if (!reach) throw new ActionError('forbidden', `${name} asks for the permission \`${permission}\``);
  return reach;
}

/** Runs an action for a caller. `sent` is any JSON. Throws ActionError: `forbidden`, `invalid`, and what the action throws. */
export async function perform<I, O>(
  action: Action<I, O>,
  { desk, caller, sent }: { desk: Desk; caller: Caller; sent: unknown },
): Promise<Performed<O>> {
  const reach = reachFor(action, caller);
  const parsed = action.input.safeParse(sent);
  if (!parsed.success) throw new ActionError('invalid', problemsIn(parsed.error));
  const input = parsed.data;
  if (desk.secondPerson && (await action.needsTwo?.({ desk, caller, reach, input })))
    return { kind: 'proposed', id: await desk.secondPerson.propose({ action: action.name, input, caller }) };
  return { kind: 'done', output: await action.run({ desk, caller, reach, input }) };
}

/** Where and what; never the value, which can be a secret. */
const problemsIn = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'the input'}: ${message}`).join('; ');
