/** `openndes backup`, `backup verify` and `restore`: one archive of an installation, made while its server runs. */
import type { Command } from 'commander';
import { join } from 'node:path';
import { makeBackup, type Manifest } from '../../app/archive.ts';
import { readSections } from '../../app/configuration-file.ts';
import { restoreBackup, verifyBackup } from '../../app/restore.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';

/** Registers `backup` and `backup verify`. */
export function registerBackup(program: Command, output: Output): void {
  const backup = program
    .command('backup')
    .description(
      'copy the store, the configuration and every file that it names into one new archive, also while the server runs',
    )
    .argument('<file>', 'the archive, a tar file; it holds private keys')
    .option(...CONFIG)
    .addHelpText(...example('openndes backup /var/backups/openndes/2027-03-01.tar'))
    .action(async (file: string, { config }: { config: string }) => {
      const manifest = await makeBackup(config, file);
      output.out(`wrote ${file}: ${summary(manifest)}`);
      if (manifest.store === undefined) output.err(withoutStore(config));
    });
  registerVerify(backup, output);
}

const withoutStore = (config: string): string =>
  readSections(config, ['store']).store.kind === 'sqlite'
    ? 'There is no store yet, so none is in it.'
    : 'The database is not in it: copy it with pg_dump, or with the backup of your database server.';

function registerVerify(backup: Command, { out }: Output): void {
  backup
    .command('verify')
    .description('read an archive and compare every file with its manifest')
    .argument('<file>', 'the archive')
    .addHelpText(...example('openndes backup verify /var/backups/openndes/2027-03-01.tar'))
    .action((file: string) => out(`${file} is whole: ${summary(verifyBackup(file))}`));
}

/** Registers `restore`. */
export function registerRestore(program: Command, { out }: Output): void {
  program
    .command('restore')
    .description('verify an archive and write its files into an empty folder')
    .argument('<file>', 'the archive')
    .argument('<dir>', 'a folder that is empty, or does not exist')
    .addHelpText(...example('openndes restore /var/backups/openndes/2027-03-01.tar restored'))
    .action((file: string, dir: string) => {
      const manifest = restoreBackup(file, dir);
      out(`restored into ${dir}: ${summary(manifest)}`);
      for (const line of toMove(manifest, dir)) out(line);
    });
}

const summary = ({ files, madeAt, version, store }: Manifest): string =>
  `${files.length} files${store === undefined ? ', no store' : ''}, made ${printable(madeAt)} by openndes ${printable(version)}`;

/** Files that were not below the folder of the configuration: it names them by a path that only people can restore. */
const toMove = ({ files }: Manifest, dir: string): string[] =>
  files
    .filter(({ name }) => name.startsWith('outside/'))
    .map(({ name, path }) => `move ${printable(join(dir, name))} to ${printable(path)}`);
