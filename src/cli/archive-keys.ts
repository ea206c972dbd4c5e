/** The options by which `backup` encrypts an archive, and others open it. */
import type { Command } from 'commander';
import { type ArchiveKeys, type ArchiveLock, identitiesIn, passphraseIn } from '../app/archive-cipher.ts';
import { promptedPassphrase } from '../app/passphrase-prompt.ts';
import { ConfigError } from '../core/errors.ts';
import { collect } from './options.ts';

type PassphraseOptions = { passphrase?: true; passphraseFile?: string };
/** As commander reads them. */
export type LockOptions = PassphraseOptions & { recipient: string[] };
/** As commander reads them. */
export type KeyOptions = PassphraseOptions & { identity: string[] };

const withPassphrase = (command: Command, what: string): Command =>
  command
    .option('--passphrase', `ask for the passphrase ${what}`)
    .option(
      '--passphrase-file <file>',
      `the passphrase ${what}, in the first line of a file that nobody else may read`,
    );

/** Adds the options of an archive that is made. */
export const withLock = (command: Command): Command =>
  withPassphrase(
    command.option('--recipient <age1…>', 'encrypt it for this public key of age; repeatable', collect, []),
    'to encrypt it with',
  );

/** Adds the options of an archive that is read. */
export const withKeys = (command: Command): Command =>
  withPassphrase(
    command.option('--identity <file>', 'open it with a key that `age-keygen` wrote; repeatable', collect, []),
    'that it is encrypted with',
  );

/** Whether it is for the recipients of the configuration alone, because the command names none. */
export const isForConfigured = (options: LockOptions, configured: readonly string[]): boolean =>
  configured.length > 0 &&
  options.recipient.length === 0 &&
  !options.passphrase &&
  options.passphraseFile === undefined;

/** Undefined when the archive is not to be encrypted. `configured`: the recipients of the configuration. Throws ConfigError. */
export async function lockOf(
  { recipient: recipients, ...options }: LockOptions,
  configured: readonly string[],
): Promise<ArchiveLock | undefined> {
  if (isForConfigured({ recipient: recipients, ...options }, configured)) return { recipients: configured };
  const passphrase = await passphraseOf(options);
  if (passphrase === undefined) return recipients.length > 0 ? { recipients } : undefined;
  if (recipients.length === 0) return { recipients, passphrase };
  throw new ConfigError('age encrypts for recipients or with a passphrase, not both', 'Give one of the two.');
}

/** Throws ConfigError. */
export async function keysOf({ identity, ...options }: KeyOptions): Promise<ArchiveKeys> {
  const passphrase = await passphraseOf(options);
  return { identities: identity.flatMap(identitiesIn), ...(passphrase !== undefined && { passphrase }) };
}

async function passphraseOf({ passphrase, passphraseFile }: PassphraseOptions): Promise<string | undefined> {
  if (passphraseFile !== undefined) return passphraseIn(passphraseFile);
  if (!passphrase) return undefined;
  const typed = await promptedPassphrase('the backup');
  if (typed) return typed;
  throw new ConfigError('no passphrase was typed in', 'Run it at a terminal, or give --passphrase-file FILE.');
}
