/** `openndes init`: a folder with which `openndes serve` runs. */
import { type Command, Option } from 'commander';
import { defined } from '../../core/defined.ts';
import { KEY_CHOICES, type KeyChoice } from '../../keys/software.ts';
import { init } from '../installation.ts';
import { type LimitOptions, limitsOf, withLimits } from '../limit-options.ts';
import { example } from '../options.ts';
import type { Output } from '../output.ts';
import { passphraseFrom } from '../passphrase-option.ts';

type InitOptions = LimitOptions & {
  key: KeyChoice;
  organisation: string;
  keyUri?: string;
  passphraseEnv?: string;
  store?: string;
  json?: true;
};

/** Registers the command. */
export function registerInit(program: Command, output: Output): void {
  withLimits(program.command('init'))
    .description('make a root CA, an issuing CA and a configuration')
    .argument('[dir]', 'folder to write to', '.')
    .addOption(new Option('--key <type>', 'key of the CAs').choices(KEY_CHOICES).default('rsa-2048'))
    .option('--key-uri <uri>', 'make the key of the issuing CA in a token: pkcs11:…, see docs/signers.md')
    .option('--organisation <name>', 'goes into the names of the CAs', 'openndes')
    .option('--passphrase-env <name>', 'environment variable with a passphrase for the keys')
    .option('--store <url>', 'a PostgreSQL database for the store, in place of a file')
    .option('--json', 'print the written files as JSON')
    .addHelpText(...example('openndes init pki --key p256 --organisation "Example Ltd" --permit dns:example.com'))
    .action((dir: string, options: InitOptions) => run(dir, options, output));
}

async function run(dir: string, options: InitOptions, { out }: Output): Promise<void> {
  const passphrase = passphraseFrom(options.passphraseEnv);
  const { key, keyUri, organisation, store } = options;
  const files = await init(dir, {
    key,
    organisation,
    limits: limitsOf(options),
    ...defined({ passphrase, keyUri, store }),
  });
  if (options.json) return out(JSON.stringify({ files }));
  for (const file of files) out(`wrote ${file}`);
  if (store !== undefined) out('Every server of the database needs the same secrets.key; keep a copy of it.');
  out('Keep certs/root-ca.key.pem off this machine: the server does not need it.');
  out(`Next: openndes serve --config ${dir}/openndes.yaml`);
}
