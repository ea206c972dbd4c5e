/** `openndes ca install` and `ca import`: an issuing CA that has its certificate is put to use. */
import type { Command } from 'commander';
import { defined } from '../../core/defined.ts';
import { importCa } from '../imported-ca.ts';
import { installCa } from '../installed-ca.ts';
import { example, KEY_URI } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { PASSPHRASE, passphraseFrom } from '../passphrase-option.ts';

type Shared = { chain?: string; passphraseEnv?: string; store?: string };
type InstallOptions = Shared & { certificate: string; keyUri?: string };
type ImportOptions = Shared & { file: string; key?: string };

/** Registers both commands. */
export function registerCaInstall(ca: Command, output: Output): void {
  registerInstall(ca, output);
  registerImport(ca, output);
}

function registerInstall(ca: Command, output: Output): void {
  ca.command('install')
    .description('check the certificate of an issuing CA against its key and its chain, and put it to use')
    .argument('[dir]', 'folder that `ca csr` wrote to', '.')
    .requiredOption('--certificate <file>', 'the certificate; those above it may be in the same file')
    .option('--chain <file>', 'the certificates above it, PEM, up to the root')
    .option(...KEY_URI)
    .option(...PASSPHRASE)
    .option('--store <url>', 'a PostgreSQL database for the store, in place of a file')
    .addHelpText(...example('openndes ca install pki --certificate issuing-ca.pem --chain root-ca.pem'))
    .action((dir: string, options: InstallOptions) => install(dir, options, output));
}

function registerImport(ca: Command, output: Output): void {
  ca.command('import')
    .description('take over an issuing CA of another program, with its key')
    .argument('[dir]', 'folder to write to', '.')
    .requiredOption('--file <file>', 'PKCS#12 (.p12, .pfx), or its certificate, PEM or DER')
    .option('--key <file>', 'its key, PKCS#8 or PEM, when it is not in the same file')
    .option('--chain <file>', 'the certificates above it, PEM, when they are not in the same file')
    .option(
      '--passphrase-env <name>',
      'environment variable with the passphrase of the key; it protects the new file too',
    )
    .option('--store <url>', 'a PostgreSQL database for the store, in place of a file')
    .addHelpText(...example('openndes ca import pki --file ca.pfx --passphrase-env CA_PASSPHRASE'))
    .action((dir: string, options: ImportOptions) => importing(dir, options, output));
}

async function importing(dir: string, options: ImportOptions, output: Output): Promise<void> {
  const { file, key, chain, passphraseEnv, store } = options;
  const passphrase = passphraseFrom(passphraseEnv);
  report(dir, await importCa(dir, { file, ...defined({ key, chain, passphrase, store }) }), output);
}

async function install(dir: string, options: InstallOptions, output: Output): Promise<void> {
  const { certificate, chain, keyUri: uri, passphraseEnv, store } = options;
  const passphrase = passphraseFrom(passphraseEnv);
  report(dir, await installCa(dir, { certificate, ...defined({ chain, uri, passphrase, store }) }), output);
}

type Reported = { files: readonly string[]; warnings: readonly string[] };

function report(dir: string, { files, warnings }: Reported, { out, err }: Output): void {
  for (const warning of warnings) err(`warning: ${printable(warning)}`);
  for (const file of files) out(`wrote ${file}`);
  out(`Next: openndes check --config ${dir}/openndes.yaml`);
}
