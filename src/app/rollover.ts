/** The steps of `openndes ca rollover`. Each may be repeated, and one that was killed leaves what the next one understands. */
import { dirname } from 'node:path';
import { readCaCertificate } from '../ca/ca-certificate.ts';
import { absoluteIn, type Successor } from '../config/successors.ts';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readTrustedFile } from './files.ts';
import { newCa, type WantedCa } from './new-ca.ts';
import {
  discard,
  draftOf,
  finishedOf,
  record,
  type Recorded,
  recordedRollovers,
  type RolledAuthority,
  stateText,
  unfinished,
  writeDraft,
} from './rollover-files.ts';
import { listsOf } from './named-lists.ts';
import { type LoadedAuthorities, withAuthorities } from './named-authorities.ts';
import { loadSettings } from './settings.ts';

/** What a step did. `done` is false when an earlier call had done it. Paths are absolute. */
export type Step = { done: boolean; successor: Successor };

/** Runs work with the authority that `choose` finds by its name among all of them. Throws ConfigError. */
export const withRollovers = <T>(
  file: string,
  choose: (names: readonly string[]) => string,
  work: (rolled: RolledAuthority, loaded: LoadedAuthorities) => Promise<T>,
): Promise<T> =>
  withAuthorities(file, async (loaded) => {
    const name = choose([...loaded.authorities.keys()]);
    const authority = loaded.authorities.get(name)?.authority;
    const config = loaded.config.authorities[name];
    if (!authority || !config) throw new ConfigError(`no authority ${name}`, 'Name one of the configuration.');
    const { key } = authority;
    if (!key || config.key === undefined)
      throw new ConfigError(
        `the authority ${name} has no key: another CA product issues for it`,
        'Renew that CA with its own tools, and give its next certificate as `next`.',
      );
    const lists = [...listsOf(loaded.authorities).keys()];
    const recorded = recordedRollovers(name, config);
    return work({ file, name, authority: { ...authority, key }, key: config.key, recorded, lists }, loaded);
  });

/**
 * Makes the files of the next CA, or copies them, and announces it. Throws ConfigError, with nothing left behind, when a server
 * could not serve with it.
 */
export async function startRollover(rolled: RolledAuthority, wanted: WantedCa): Promise<Step> {
  const { recorded } = rolled;
  const open = unfinished(recorded);
  if (open?.state === 'started') return stepOf(recorded, open, false);
  // What was killed before it had begun.
  if (open) discard(recorded, open);
  const ca = await newCa(rolled, wanted);
  const draft = draftOf(recorded, ca, systemClock());
  const started: Successor = { ...draft, state: 'started' };
  record(recorded, [...finishedOf(recorded), draft]);
  try {
    writeDraft(recorded, draft, ca);
    await assertServable(rolled, started);
    if (isInForce(ca.certificate)) await assertServable(rolled, finishedAt(started));
  } catch (error) {
    discard(recorded, draft);
    throw error;
  }
  record(recorded, [...finishedOf(recorded), started]);
  return stepOf(recorded, started, true);
}

function isInForce(certificate: Uint8Array): boolean {
  try {
    readCaCertificate(certificate, systemClock());
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Lets the next CA issue. Throws ConfigError when none was started, it is not valid yet, or a server could not serve with it. */
export async function finishRollover(rolled: RolledAuthority): Promise<Step> {
  const { recorded, name } = rolled;
  const last = recorded.state.successors.at(-1);
  if (last?.state === 'finished') return stepOf(recorded, last, false);
  if (last?.state !== 'started')
    throw new ConfigError(`no rollover of ${name} was started`, 'Begin with `openndes ca rollover plan`.');
  const { certificate } = absoluteIn(dirname(recorded.file))(last);
  const [der] = certificatesFrom(readTrustedFile(certificate, 'the next CA certificate'), certificate);
  readCaCertificate(der, systemClock());
  const finished = finishedAt(last);
  await assertServable(rolled, finished);
  record(recorded, [...finishedOf(recorded), finished]);
  return stepOf(recorded, finished, true);
}

const finishedAt = (successor: Successor): Successor => ({
  ...successor,
  state: 'finished',
  finishedAt: systemClock().toISOString(),
});

/** Takes back what was started; undefined when nothing was. Throws ConfigError when it is finished. */
export function abortRollover({ recorded, name }: RolledAuthority): Step | undefined {
  const open = unfinished(recorded);
  if (open) {
    discard(recorded, open);
    return stepOf(recorded, open, true);
  }
  if (recorded.state.successors.length === 0) return undefined;
  throw new ConfigError(
    `the last rollover of ${name} is finished, and its CA has issued since`,
    'It cannot be taken back. Start another rollover.',
  );
}

const stepOf = ({ file }: Recorded, successor: Successor, done: boolean): Step => ({
  done,
  successor: absoluteIn(dirname(file))(successor),
});

/** Throws ConfigError when a server would not start with this last successor. */
async function assertServable({ file, recorded }: RolledAuthority, successor: Successor): Promise<void> {
  const text = stateText(recorded, [...finishedOf(recorded), successor]);
  const { settings } = await loadSettings(file, { instead: new Map([[recorded.file, text]]) });
  await settings.close();
}
