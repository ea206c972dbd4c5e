/** `openndes backup`, `backup verify` and `restore`: one archive of an installation, made while its server runs. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeBackup, type Manifest } from '../../app/archive.ts';
import { isCurrentStore, openStore } from '../../app/configured-store.ts';
import { readSections } from '../../app/configuration-file.ts';
import { digestOfArchive, restoreBackup, verifyBackup } from '../../app/restore.ts';
import { systemClock } from '../../embed/system.ts';
import { auditEntry } from '../../manage/administrator.ts';
import { voidAfterRestore } from '../../manage/restored-store.ts';
import { commandLineUser } from '../command-line-user.ts';
import {
  isForConfigured,
  keysOf,
  type KeyOptions,
  lockOf,
  type LockOptions,
  withKeys,
  withLock,
} from '../archive-keys.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { withStore } from './certs-store.ts';
import { restoredReport } from '../restored-report.ts';
import { confirmedByTwo, digestOfAll, type Effect } from '../second-person.ts';

/** Registers `backup` and `backup verify`. */
export function registerBackup(program: Command, output: Output): void {
  const backup = withLock(program.command('backup'))
    .description(
      'copy the store, the configuration and every file that it names into one new archive, also while the server runs',
    )
    .argument(
      '<file>',
      'the archive, a tar file, encrypted as age does where a recipient or passphrase is given; it holds private keys',
    )
    .option(...CONFIG)
    .addHelpText(...example('openndes backup --recipient age1… /var/backups/openndes/2027-03-01.tar.age'))
    .action(async (file: string, { config, ...options }: LockOptions & { config: string }) => {
      const { recipients = [] } = readSections(config, ['backup']).backup;
      if (!isForConfigured(options, recipients)) await confirmedByTwo(backupEffect(file, config, options), output);
      const lock = await lockOf(options, recipients);
      const manifest = await makeBackup(config, file, lock);
      if (holdsStore(manifest)) await recorded(config, manifest, output);
      output.out(`wrote ${file}: ${summary(manifest)}${lock ? ', encrypted' : ''}`);
      if (!holdsStore(manifest)) output.err('There is no store yet, so none is in it.');
    });
  registerVerify(backup, output);
}

/** An archive that is whole is one, also when the store does not take the entry. */
const recorded = (config: string, { madeAt }: Manifest, { err }: Output): Promise<void> =>
  withStore(config, { err }, async (management) => {
    const audit = auditEntry(management, { event: 'backed-up', endpoint: '', transactionId: '', detail: madeAt });
    await management.store.recordBackup(new Date(madeAt), audit);
  }).catch((error: unknown) => err(`note: the store did not record this backup: ${String(error)}`));

const backupEffect = (file: string, config: string, { passphraseFile }: LockOptions): Effect => ({
  config,
  digest: digestOfAll([resolve(file)]),
  options: { '--passphrase-file': passphraseFile && resolve(passphraseFile) },
  paths: [file],
});

/** A store of another version, and a database, are begun again by a command of their own. */
async function begunAgain({ store: name, madeAt, database }: Manifest, dir: string): Promise<string[]> {
  const place = name === undefined ? undefined : { kind: 'sqlite' as const, path: join(dir, name) };
  if (place && (await isCurrentStore(place))) {
    const store = await openStore({ store: place });
    try {
      const management = { store, clock: systemClock, ...commandLineUser() };
      return restoredReport(await voidAfterRestore(management, `backup of ${madeAt}`), madeAt);
    } finally {
      await store.close();
    }
  }
  if (!place && database === undefined) return [];
  return ['before the server starts, run: openndes store after-restore'];
}

const holdsStore = ({ store, database }: Manifest): boolean => store !== undefined || database !== undefined;

function registerVerify(backup: Command, { out }: Output): void {
  withKeys(backup.command('verify'))
    .description('read an archive and compare every file with its manifest')
    .argument('<file>', 'the archive')
    .addHelpText(...example('openndes backup verify /var/backups/openndes/2027-03-01.tar'))
    // An option that `backup` has too is read as its option.
    .action(async (file: string, _: KeyOptions, verify: Command) => {
      const keys = await keysOf(verify.optsWithGlobals<KeyOptions>());
      out(`${file} is whole: ${summary(await verifyBackup(file, keys))}`);
    });
}

/** Registers `restore`. */
export function registerRestore(program: Command, output: Output): void {
  withKeys(program.command('restore'))
    .description('verify an archive and write its files into an empty folder')
    .argument('<file>', 'the archive')
    .argument('<dir>', 'a folder that is empty, or does not exist')
    .option(
      CONFIG[0],
      'the configuration of the server of this machine, if there is one: it can ask for two persons',
      CONFIG[2],
    )
    .addHelpText(...example('openndes restore /var/backups/openndes/2027-03-01.tar restored'))
    .action(async (file: string, dir: string, options: RestoreOptions) => {
      // A machine that is set up anew has none.
      if (existsSync(options.config)) await confirmedByTwo(await restoreEffect(file, dir, options), output);
      const manifest = await restoreBackup(file, dir, await keysOf(options));
      output.out(`restored into ${dir}: ${summary(manifest)}`);
      for (const line of [...toMove(manifest, dir), ...(await begunAgain(manifest, dir))]) output.out(line);
    });
}

type RestoreOptions = KeyOptions & { config: string };

const restoreEffect = async (
  file: string,
  dir: string,
  { config, identity, passphraseFile }: RestoreOptions,
): Promise<Effect> => ({
  config,
  digest: digestOfAll([await digestOfArchive(file), resolve(dir)]),
  options: { '--passphrase-file': passphraseFile && resolve(passphraseFile) },
  paths: [file, dir, ...identity],
});

const summary = (manifest: Manifest): string => {
  const { files, madeAt, version } = manifest;
  return `${files.length} files${holdsStore(manifest) ? '' : ', no store'}, made ${printable(madeAt)} by openndes ${printable(version)}`;
};

/** What only people can restore: files that were not below the folder of the configuration, and a database. */
const toMove = ({ files, database }: Manifest, dir: string): string[] => [
  ...files
    .filter(({ name }) => name.startsWith('outside/'))
    .map(({ name, path }) => `move ${printable(join(dir, name))} to ${printable(path)}`),
  ...(database === undefined
    ? []
    : [
        `restore the database into an empty one: pg_restore --no-owner --dbname=DATABASE ${printable(join(dir, database))}`,
      ]),
];
