/** The proposal of a command: its words, and a digest of what it would change. */
import { z } from 'zod';
import type { StoredProposal } from '../core/proposal-store.ts';
import { ActionError } from './action-error.ts';

/** The action of a proposal that was made at the command line: its input is the command. */
export const COMMAND_ACTION = 'command';

/** `words`: what follows `openndes`. `digest`: SHA-256, hexadecimal, as the command makes it. */
export type ProposedCommand = { words: string[]; digest: string };

const command = z.object({ words: z.array(z.string()), digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** The words of a proposed command, of any version; undefined for another action. */
export const wordsOf = ({ action, input }: Pick<StoredProposal, 'action' | 'input'>): string[] | undefined =>
  action === COMMAND_ACTION ? command.safeParse(input).data?.words : undefined;

/** The commands that take a proposal when they are run. */
const COMMANDS: readonly string[] = [
  'certs revoke',
  'ca rollover start',
  'ca rollover finish',
  'ca rollover abort',
  'backup',
  'restore',
];

const commandIn = (words: readonly string[]): string | undefined =>
  COMMANDS.find((command) => command.split(' ').every((word, index) => word === words[index]));

/** What the history says of it: the name of the action, of a command that too. */
export function proposedName(proposal: Pick<StoredProposal, 'action' | 'input'>): string {
  const command = commandIn(wordsOf(proposal) ?? []);
  return command === undefined ? proposal.action : `${proposal.action} ${command}`;
}

/** What is to be run. Throws ActionError for another action, and for a command that does not take the proposal. */
export function proposedCommand({ action, input }: StoredProposal): ProposedCommand {
  if (action !== COMMAND_ACTION)
    throw new ActionError(
      'conflict',
      `${action} was proposed on a page or by the API`,
      'Confirm it on the page Proposals: the server that runs knows what each of you may see.',
    );
  const parsed = command.safeParse(input);
  if (parsed.success && commandIn(parsed.data.words) !== undefined) return parsed.data;
  throw new ActionError('invalid', 'another version of openndes recorded the proposal', 'Withdraw it.');
}
