/** Actions that a second person confirms (`admin.twoPersons`): proposed by one, run by another on behalf of both. */
import { bothReaches, reachOf } from '../core/access.ts';
import { DAY } from '../core/durations.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { StoredProposal } from '../core/proposal-store.ts';
import type { AuditEntry } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { auditEntry } from '../manage/administrator.ts';
import type { AnyAction, Caller, Desk, SecondPerson } from './action.ts';
import { ActionError } from './action-error.ts';
import { proposedName } from './command-proposal.ts';
import { mayBeSame, nameOfTwo } from './same-person.ts';

/** How long a proposal can be confirmed. */
export const PROPOSAL_LASTS = DAY;

const ID_OCTETS = 5;

/** Keeps proposals in the store. */
export const secondPerson = (parts: { store: Store; clock: Clock; random: RandomBytes }): SecondPerson => ({
  propose: async ({ action, input, caller }) => propose({ ...parts, action, input, caller }),
});

/** Records a proposal with its line of history. Returns its id. */
export async function propose(asked: {
  store: Store;
  clock: Clock;
  random: RandomBytes;
  action: string;
  input: unknown;
  caller: Caller;
}): Promise<string> {
  const { store, clock, random, action, input, caller } = asked;
  const [id, at] = [Buffer.from(random(ID_OCTETS)).toString('hex'), clock()];
  const { actor: by, source, grants } = caller;
  const until = new Date(at.getTime() + PROPOSAL_LASTS);
  const entry = lineOf({ store, clock }, caller, {
    event: 'proposed',
    detail: `${id}: ${proposedName({ action, input })}`,
  });
  await store.addProposal({ id, action, input, by, source, grants, at, until }, entry);
  return id;
}

/** The proposal, when this caller may confirm it now. Throws ActionError. */
export async function confirmable({ store, clock }: Desk, id: string, { actor }: Caller): Promise<StoredProposal> {
  const proposal = await store.findProposal(id);
  if (!proposal || proposal.until <= clock()) throw gone();
  if (actor.kind !== 'person')
    throw new ActionError('forbidden', 'a program confirms nothing', 'Log in as a person to confirm it.');
  if (mayBeSame(actor, proposal.by))
    throw new ActionError('forbidden', 'you proposed this', 'Another person confirms it, under another name.');
  return proposal;
}

/** Takes the proposal, so that it is confirmed once. The caller of what is then run: its name has both persons. */
export async function takenBy(desk: Desk, proposal: StoredProposal, caller: Caller): Promise<Caller> {
  const proposer = proposal.by.name ?? proposal.by.kind;
  const detail = `${proposal.id}: ${proposedName(proposal)}, proposed by ${proposer}`;
  if (!(await desk.store.takeProposal(proposal.id, lineOf(desk, caller, { event: 'confirmed', detail })))) throw gone();
  return { ...caller, actor: { ...caller.actor, name: nameOfTwo(caller.actor.name, proposer) } };
}

/** Runs a proposed action where both persons may. Throws ActionError: then nothing was done. */
export async function runProposed(
  action: AnyAction,
  { desk, proposal, caller }: { desk: Desk; proposal: StoredProposal; caller: Caller },
): Promise<unknown> {
  const now = desk.grantsNow?.(proposal) ?? proposal.grants;
  const [own, theirs] = [reachOf(caller.grants, action.permission), reachOf(now, action.permission)];
  if (!own || !theirs) throw new ActionError('forbidden', `${action.name} asks both for \`${action.permission}\``);
  const parsed = action.input.safeParse(proposal.input);
  if (!parsed.success) throw new ActionError('invalid', 'another version of the server recorded the proposal');
  const both = await takenBy(desk, proposal, caller);
  return action.run({ desk, caller: both, reach: bothReaches(own, theirs), input: parsed.data });
}

/** Takes the proposal back: whoever may operate can. Throws ActionError. */
export async function withdraw(desk: Desk, proposal: StoredProposal, caller: Caller): Promise<void> {
  const entry = lineOf(desk, caller, { event: 'withdrawn', detail: `${proposal.id}: ${proposedName(proposal)}` });
  if (!(await desk.store.takeProposal(proposal.id, entry))) throw gone();
}

/** For one that is not there, or not for this caller. */
export const gone = (): ActionError =>
  new ActionError('not_found', 'there is no such proposal', 'It was confirmed, withdrawn, or has expired after a day.');

const lineOf = (
  { store, clock }: Pick<Desk, 'store' | 'clock'>,
  { actor, source }: Caller,
  fields: Pick<AuditEntry, 'event' | 'detail'>,
): AuditEntry => auditEntry({ store, clock, actor, source }, { endpoint: '', transactionId: '', ...fields });
