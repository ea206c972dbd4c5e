/** `openndes ca crl`: signs a revocation list. */
import { type Command, Option } from 'commander';
import { openStore } from '../../app/configured-store.ts';
import { writePublicFile } from '../../app/files.ts';
import type { Authority } from '../../app/loaded-authority.ts';
import { type LoadedAuthorities, withAuthorities } from '../../app/named-authorities.ts';
import { defined } from '../../core/defined.ts';
import { ConfigError } from '../../core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import { crlPem } from '../../pkix/pem.ts';
import { AUTHORITY, type CaOptions, selectAuthority } from '../chosen-authority.ts';
import { collect, CONFIG, example, wholeNumber } from '../options.ts';
import type { Output } from '../output.ts';
import { PASSPHRASE, passphraseFrom } from '../passphrase-option.ts';
import { signRootList } from '../root-list.ts';

type CrlOptions = CaOptions & { out?: string };
type RootOptions = {
  root?: string;
  key?: string;
  passphraseEnv?: string;
  revoke: string[];
  reason: RevocationReason;
  days: number;
};

/** Registers the command. */
export function registerCaCrl(ca: Command, output: Output): void {
  ca.command('crl')
    .description('sign a new revocation list and print it as PEM; the server publishes its own at /crl/NAME.crl')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--out <file>', 'write it here, as DER')
    .option(
      '--root <file>',
      'sign the list of an offline root with this certificate: no configuration, and --out is continued',
    )
    .option('--key <uri>', 'with --root: the key of the root, file:PATH')
    .option(...PASSPHRASE)
    .option('--revoke <file>', 'with --root: a certificate that the root takes back', collect, [])
    .addOption(
      new Option('--reason <reason>', 'with --root: why')
        .choices(Object.keys(REVOCATION_REASONS))
        .default('cessationOfOperation'),
    )
    .option('--days <n>', 'with --root: how long the list is valid', wholeNumber(1, 3_650), 180)
    .addHelpText(...example('openndes ca crl --out /var/www/pki/issuing.crl'))
    .action((options: CrlOptions & RootOptions) => crl(options, output));
}

const crl = ({ root, ...options }: CrlOptions & RootOptions, output: Output): Promise<void> =>
  root === undefined ? writeCrl(options, output) : writeRootList({ ...options, root }, output);

async function writeRootList(options: CrlOptions & RootOptions & { root: string }, { out }: Output): Promise<void> {
  const { root, key, out: file, passphraseEnv, revoke, reason, days } = options;
  if (key === undefined || file === undefined)
    throw new ConfigError('--root: the key or the file is missing', 'Name them with --key file:PATH and --out FILE.');
  const passphrase = passphraseFrom(passphraseEnv);
  const { number, revoked } = await signRootList({
    root,
    key,
    out: file,
    revoke,
    reason,
    days,
    ...defined({ passphrase }),
  });
  out(`wrote ${file}: list ${number}, ${revoked} revoked, valid for ${days} days`);
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
