/** `openndes ca`: the authorities of a configuration, and the root that devices must trust. */
import type { Command } from 'commander';
import { openStore } from '../../app/configured-store.ts';
import {
  type AuthorityCertificates,
  type LoadedAuthorities,
  readCertificates,
  withAuthorities,
} from '../../app/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import { readCertificate, readValidity, serialText, thumbprint, thumbprintSha256 } from '../../pkix/certificate.ts';
import { nameText } from '../../pkix/name.ts';
import { certificatePem, crlPem } from '../../pkix/pem.ts';
import { writePublicFile } from '../../app/files.ts';
import type { Authority } from '../../app/loaded-authority.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';

type CaOptions = { config: string; authority?: string };
type ShowOptions = CaOptions & { json?: true };
type CrlOptions = CaOptions & { out?: string };

const AUTHORITY = ['--authority <name>', 'which authority; not needed when there is one'] as const;

/** Registers the group and its commands. */
export function registerCa(program: Command, output: Output): void {
  const ca = program.command('ca').description('the certificate authorities of the configuration');
  for (const register of [registerShow, registerExportRoot, registerCrl]) register(ca, output);
}

function registerShow(ca: Command, output: Output): void {
  ca.command('show')
    .description(
      'certificates of an authority and its RA, with thumbprints: SHA-1, which Intune profiles need, and SHA-256',
    )
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes ca show --config openndes.yaml'))
    .action((options: ShowOptions) => show(options, output));
}

function registerExportRoot(ca: Command, { out }: Output): void {
  ca.command('export-root')
    .description('the root certificate as PEM')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .addHelpText(...example('openndes ca export-root > root.pem'))
    .action(async (options: CaOptions) => out(certificatePem(...(await chainOf(options)).slice(-1)).trimEnd()));
}

function registerCrl(ca: Command, output: Output): void {
  ca.command('crl')
    .description('sign a new revocation list and print it as PEM; the server publishes its own at /crl/NAME.crl')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--out <file>', 'write it here, as DER')
    .addHelpText(...example('openndes ca crl --out /var/www/pki/issuing.crl'))
    .action((options: CrlOptions) => writeCrl(options, output));
}

const WHICH_ROOT =
  'In an Intune SCEP profile Windows wants the issuing CA as its root certificate, Android the root; Apple takes either.';

async function show(options: ShowOptions, { out }: Output): Promise<void> {
  const { chain, ra } = await certificatesOf(options);
  const rows = [
    ...chain.map((der, index) => caFacts(der, roleOf(index, chain.length))),
    ...(await ra()).map((der) => caFacts(der, 'RA')),
  ];
  if (options.json) return out(jsonText(rows));
  for (const row of rows) out(`${linesOf(row)}\n`);
  out(WHICH_ROOT);
}

const linesOf = (row: Record<string, string>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}: ${printable(value)}`)
    .join('\n');

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

const roleOf = (index: number, length: number): string =>
  index === length - 1 ? 'root' : index === 0 ? 'issuing CA' : 'intermediate CA';

const certificatesOf = async ({ config, authority }: CaOptions): Promise<AuthorityCertificates> =>
  selectAuthority(await readCertificates(config), authority);

/** The issuing CA first, the root last. */
const chainOf = async (options: CaOptions): Promise<readonly Uint8Array[]> => (await certificatesOf(options)).chain;

/** The authority with this name, or the only one. Throws ConfigError. */
function selectAuthority<T>(authorities: ReadonlyMap<string, T>, name: string | undefined): T {
  const found =
    name === undefined && authorities.size === 1 ? [...authorities.values()][0] : authorities.get(name ?? '');
  if (!found)
    throw new ConfigError(
      `which authority? There is ${[...authorities.keys()].join(', ')}`,
      'Name it with --authority.',
    );
  return found;
}

function caFacts(der: Uint8Array, role: string): Record<string, string> {
  const view = readCertificate(der);
  const { notBefore, notAfter } = readValidity(view);
  return {
    role,
    subject: nameText(view.subject),
    serial: serialText(view.serialNumber),
    thumbprint: thumbprint(der),
    thumbprintSha256: thumbprintSha256(der),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
}
