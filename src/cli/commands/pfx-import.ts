/** `openndes pfx import`: PKCS#12 files that there are already. */
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { readTextFile } from '../../app/files.ts';
import { ConfigError } from '../../core/errors.ts';
import type { PfxPurpose } from '../../core/imported-pfx.ts';
import { type GivenPfx, importPfxFile, type PfxFileResult } from '../../pfx/import-pfx-file.ts';
import { faultText, type UserKeyServices } from '../../pfx/user-key-services.ts';
import { EXIT, Exit } from '../exit.ts';
import { example } from '../options.ts';
import { peopleRules, type PfxOptions, purposeIn, withPfxOptions } from '../people-options.ts';
import { givenFile } from '../pfx-files.ts';
import { counted, type Output, printable } from '../output.ts';
import { working } from './pfx-keys.ts';

type ImportOptions = PfxOptions & {
  user?: string;
  purpose: string;
  passwordFile?: string;
  list?: string;
  dryRun?: true;
};
/** One line of the list. */
type Line = { file: string; user: string; purpose: PfxPurpose; passwordFile: string | undefined };

/** Registers it below `pfx`. */
export function registerPfxImport(pfx: Command, output: Output): void {
  withPfxOptions(pfx.command('import'))
    .description('import PKCS#12 files that there are already; run it again to go on after an interruption')
    .argument('[file]', 'the PKCS#12 file')
    .option('--user <name>', 'the user principal name whom the file is for')
    .option('--purpose <purpose>', 'encryption or signing', 'encryption')
    .option('--password-file <file>', 'a file with the password; asked for without it')
    .option('--list <csv>', 'many files: lines of FILE,USER,PURPOSE,PASSWORDFILE, paths beside the list')
    .option('--dry-run', 'read every file and ask for its user, and import nothing')
    .addHelpText(...example('openndes pfx import jane.p12 --user jane@contoso.example'))
    .action((file: string | undefined, options: ImportOptions) => {
      const lines = linesIn(file, options);
      return working(peopleRules(options), output, (services, signal) =>
        importAll(lines, { services, output, signal }, options),
      );
    });
}

function linesIn(file: string | undefined, { user, purpose, passwordFile, list }: ImportOptions): Line[] {
  if (list !== undefined && file === undefined) return listIn(list);
  if (file !== undefined && user !== undefined && list === undefined)
    return [{ file, user, purpose: purposeIn(purpose), passwordFile }];
  throw new ConfigError('neither a file with `--user` nor a list was given', 'Give FILE --user NAME, or --list CSV.');
}

function listIn(path: string): Line[] {
  const beside = (name: string): string => resolve(dirname(path), name);
  return readTextFile(path, 'the list of files')
    .split('\n')
    .flatMap((text, index) => {
      if (text.trim() === '') return [];
      const [file, user, purpose, passwordFile, ...more] = text.split(',').map((each) => each.trim());
      if (!file || !user || !purpose || !passwordFile || more.length > 0)
        throw new ConfigError(
          `${path}: line ${index + 1} has not four values`,
          'Write FILE,USER,PURPOSE,PASSWORDFILE.',
        );
      return [{ file: beside(file), user, purpose: purposeIn(purpose), passwordFile: beside(passwordFile) }];
    });
}

type Importing = { services: UserKeyServices; output: Output; signal: AbortSignal };

/** One line for each file, and their sums. Exit 1 when one has failed. */
async function importAll(
  lines: readonly Line[],
  { services, output, signal }: Importing,
  { dryRun }: ImportOptions,
): Promise<void> {
  const sums = { imported: 0, known: 0, planned: 0, failed: 0 };
  for (const line of lines) {
    const told = (what: string): void => output.out(printable(`${line.file}  ${line.user}  ${what}`));
    try {
      const result: PfxFileResult = await importPfxFile(await given(line), services, dryRun === true, signal);
      sums[result]++;
      told(result);
    } catch (error) {
      signal.throwIfAborted();
      sums.failed++;
      told(`failed: ${faultText(error)}`);
    }
  }
  const { imported, known, planned, failed } = sums;
  const first = dryRun ? `to be imported: ${counted(planned)}` : `imported: ${counted(imported)}`;
  output.out(`${first}, known already: ${counted(known)}, failed: ${counted(failed)}`);
  if (failed > 0) throw new Exit(EXIT.failed);
}

const given = async ({ file, user, purpose, passwordFile }: Line): Promise<GivenPfx> => ({
  ...(await givenFile(file, passwordFile)),
  userPrincipalName: user,
  purpose,
});
