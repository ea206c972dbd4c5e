/** Commands that ask for two persons (`admin.twoPersons`): one proposes the command, another one confirms it. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { COMMAND_ACTION } from '../actions/command-proposal.ts';
import { propose, takenBy } from '../actions/two-persons.ts';
import { ActionError } from '../actions/action-error.ts';
import type { Caller } from '../actions/action.ts';
import { readTwoPersons } from '../app/configuration-file.ts';
import { openExistingStore } from '../app/configured-store.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import type { Administrator, Management } from '../manage/administrator.ts';
import { commandLineUser } from './command-line-user.ts';
import { EXIT, Exit } from './exit.ts';
import type { Output } from './output.ts';

/**
 * What a command is about to do. The second person may be in another folder: `options` are those with the place of a file,
 * as it is called from everywhere; `paths` are arguments and repeated options as they were written.
 */
export type Effect = {
  config: string;
  digest: string;
  options?: Readonly<Record<string, string | undefined>>;
  paths?: readonly string[];
};

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

/** As `byTwo`, for a command that works without the store: returns when it may go on. Throws ConfigError where there is no store. */
export async function confirmedByTwo(effect: Effect, output: Output): Promise<void> {
  if (!asksTwo(effect.config, output)) return;
  const store = await openExistingStore(effect.config, (path) => {
    throw new ConfigError(
      `two persons are asked for (admin.twoPersons), and there is no store at ${path} for the proposal`,
      'Start the server once: `openndes serve` makes the store.',
    );
  });
  try {
    await byTwo({ store, clock: systemClock, ...commandLineUser() }, effect, output);
  } finally {
    await store.close();
  }
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

/** The last value of an option counts. */
function absolute(words: readonly string[], { config, options, paths = [] }: Effect): string[] {
  const more = Object.entries({ ...options, '--config': resolve(config) }).flatMap(([option, place]) =>
    place === undefined || words.includes(place) || (option === '--config' && place === config) ? [] : [option, place],
  );
  const whole = words.map((word) => wholePath(word, paths));
  const end = words.indexOf('--');
  return whole.toSpliced(end < 0 ? whole.length : end, 0, ...more);
}

/** A path, or `--option=path`. */
function wholePath(word: string, paths: readonly string[]): string {
  const path = paths.find((each) => word === each || (word.startsWith('--') && word.endsWith(`=${each}`)));
  return path === undefined ? word : `${word.slice(0, word.length - path.length)}${resolve(path)}`;
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
