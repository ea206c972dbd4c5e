/** `openndes ca crl`: signs a revocation list. */
import type { Command } from 'commander';
import { openStore } from '../../app/configured-store.ts';
import { writePublicFile } from '../../app/files.ts';
import type { Authority } from '../../app/loaded-authority.ts';
import { type LoadedAuthorities, withAuthorities } from '../../app/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import { crlPem } from '../../pkix/pem.ts';
import { AUTHORITY, type CaOptions, selectAuthority } from '../chosen-authority.ts';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';

type CrlOptions = CaOptions & { out?: string };

/** Registers the command. */
export function registerCaCrl(ca: Command, output: Output): void {
  ca.command('crl')
    .description('sign a new revocation list and print it as PEM; the server publishes its own at /crl/NAME.crl')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--out <file>', 'write it here, as DER')
    .addHelpText(...example('openndes ca crl --out /var/www/pki/issuing.crl'))
    .action((options: CrlOptions) => writeCrl(options, output));
}

async function writeCrl({ out: file, ...options }: CrlOptions, { out }: Output): Promise<void> {
  const crl = await freshCrl(options);
  if (file === undefined) return out(crlPem(crl).trimEnd());
  writePublicFile(file, crl);
  out(`wrote ${file}`);
}

const freshCrl = ({ config, authority }: CaOptions): Promise<Uint8Array> =>
  withAuthorities(config, (loaded) => signCrl(loaded, selectAuthority(loaded.authorities, authority).authority));

async function signCrl({ config }: LoadedAuthorities, authority: Authority): Promise<Uint8Array> {
  const store = await openStore(config);
  try {
    const crl = authority.crl(store);
    if (!crl)
      throw new ConfigError(
        `${authority.subject}: may not sign revocation lists`,
        'Its keyUsage must have cRLSign. certs/README.md shows how.',
      );
    return await crl();
  } finally {
    await store.close();
  }
}
