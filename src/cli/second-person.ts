/** Commands that ask for two persons (`admin.twoPersons`): one proposes the command, another one confirms it. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { COMMAND_ACTION } from '../actions/command-proposal.ts';
import { propose, takenBy } from '../actions/two-persons.ts';
import { ActionError } from '../actions/action-error.ts';
import type { Caller } from '../actions/action.ts';
import { readTwoPersons } from '../app/configuration-file.ts';
import type { Store } from '../core/store.ts';
import { systemRandom } from '../embed/system.ts';
import type { Administrator, Management } from '../manage/administrator.ts';
import { EXIT, Exit } from './exit.ts';
import type { Output } from './output.ts';

/** What a command is about to do. `files`: options with the path of a file, whose name is not that of standard input. */
export type Effect = { config: string; digest: string; files?: Readonly<Record<string, string | undefined>> };

/** The user of a command line may do all that commands do. */
export const callerOf = ({ actor, source }: Administrator): Caller => ({ actor, source, grants: [{ role: 'admin' }] });

/** SHA-256 over what a command would change, in any order, hexadecimal. */
export const digestOfAll = (keys: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(keys.toSorted())).digest('hex');

/** Whether a command of such an effect waits for a second person, or is run by the second person now. */
export const asksTwo = (config: string, { confirmed }: Output): boolean =>
  confirmed !== undefined || readTwoPersons(config);

/**
 * Proposes the command, and ends it with exit 4. When it is run by the second person, takes the proposal and returns the
 * management in both names. Throws ActionError: then nothing was done.
 */
export async function byTwo(management: Management<Store>, effect: Effect, output: Output): Promise<Management<Store>> {
  const { confirmed } = output;
  if (!confirmed) return proposed(management, effect, output);
  if (confirmed.digest !== effect.digest)
    throw new ActionError(
      'conflict',
      'the command would not do what was proposed: what it finds has changed since',
      `Withdraw it (openndes proposals withdraw ${confirmed.proposal.id}), and propose it again.`,
    );
  const { actor, source } = await takenBy(management, confirmed.proposal, callerOf(management));
  return { ...management, actor: { ...management.actor, name: actor.name }, source };
}

async function proposed(management: Management<Store>, effect: Effect, { out, words = [] }: Output): Promise<never> {
  const input = { words: absolute(words, effect), digest: effect.digest };
  assertNoSecret(input.words);
  const id = await propose({
    ...management,
    random: systemRandom,
    action: COMMAND_ACTION,
    input,
    caller: callerOf(management),
  });
  out(`proposed ${id}: another person confirms it with: openndes proposals confirm ${id}`);
  throw new Exit(EXIT.proposed);
}

/** The second person may be in another folder: the last value of an option counts. */
function absolute(words: readonly string[], { config, files }: Effect): string[] {
  const paths = Object.entries({ '--config': config, ...files }).flatMap(([option, path]) =>
    path === undefined || path === resolve(path) ? [] : [option, resolve(path)],
  );
  const end = words.indexOf('--');
  return words.toSpliced(end < 0 ? words.length : end, 0, ...paths);
}

/** A PIN of a token, or a password in a URL. */
const SECRET = /\bpin-value=|:\/\/[^/@\s]*:[^/@\s]*@/i;

function assertNoSecret(words: readonly string[]): void {
  if (words.some((word) => SECRET.test(word)))
    throw new ActionError(
      'invalid',
      'a PIN or a password is on the command line, and a proposal is kept in the store',
      'Give the command without it.',
    );
}
