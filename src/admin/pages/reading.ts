/** What pages ask of the table of actions. */
import { type Action, perform } from '../../actions/action.ts';
import { reachOf } from '../../core/access.ts';
import type { Visit } from './page-row.ts';

/** Runs an action that only reads, for the one who asks for the page. Throws ActionError. */
export async function read<I, O>(action: Action<I, O>, { desk, caller }: Visit, sent: I): Promise<O> {
  const performed = await perform(action, { desk, caller, sent });
  if (performed.kind === 'done') return performed.output;
  throw new TypeError(`${action.name} only reads, and waits for a second person`);
}

/** Whether somewhere the caller may run the action: a page shows no form that would be refused. */
export const may = ({ caller }: Visit, { permission }: Pick<Action, 'permission'>): boolean =>
  reachOf(caller.grants, permission) !== undefined;
