/** `openndes ca`: the authorities of a configuration, and the root that devices must trust. */
import type { Command } from 'commander';
import { ConfigError } from '../../core/errors.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../../pkix/certificate.ts';
import { nameText } from '../../pkix/name.ts';
import { writePublicFile } from '../../app/files.ts';
import type { Authority } from '../../app/loaded-authority.ts';
import { CONFIG } from '../options.ts';
import type { Output } from '../output.ts';
import { certificatePem, crlPem } from '../../app/pem.ts';
import { openStore, type Settings, withSettings } from '../../app/settings.ts';

type CaOptions = { config: string; authority?: string; json?: true };

const AUTHORITY = ['--authority <name>', 'which authority; not needed when there is one'] as const;

export function registerCa(program: Command, { out }: Output): void {
  const ca = program.command('ca').description('the certificate authorities of the configuration');

  ca.command('show')
    .description('certificates of an authority, with the thumbprints that Intune profiles want')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--json', 'one JSON array')
    .addHelpText('after', '\nExample:\n  openndes ca show --config openndes.yaml')
    .action(async (options: CaOptions) => {
      const rows = (await chainOf(options)).map((der, index, chain) => facts(der, roleOf(index, chain.length)));
      if (options.json) return out(JSON.stringify(rows));
      for (const row of rows)
        out(
          `${Object.entries(row)
            .map(([name, value]) => `${name}: ${value}`)
            .join('\n')}\n`,
        );
      out(
        'In an Intune SCEP profile Windows wants the issuing CA as its root certificate, Android the root; Apple takes either.',
      );
    });

  ca.command('export-root')
    .description('the root certificate as PEM')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .addHelpText('after', '\nExample:\n  openndes ca export-root > root.pem')
    .action(async (options: CaOptions) => out(certificatePem(...(await chainOf(options)).slice(-1)).trimEnd()));

  ca.command('crl')
    .description('a fresh revocation list, as PEM; the server serves its own at /crl/NAME.crl')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--out <file>', 'write it here, as DER')
    .addHelpText('after', '\nExample:\n  openndes ca crl --out /var/www/pki/issuing.crl')
    .action(async (options: CaOptions & { out?: string }) => {
      const crl = await freshCrl(options);
      if (options.out === undefined) return out(crlPem(crl).trimEnd());
      writePublicFile(options.out, crl);
      out(`wrote ${options.out}`);
    });
}

const freshCrl = ({ config, authority }: CaOptions): Promise<Uint8Array> =>
  withSettings(config, (settings) => signCrl(settings, selectAuthority(settings.authorities, authority).authority));

async function signCrl({ config }: Settings, authority: Authority): Promise<Uint8Array> {
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

/** The issuing CA first, the root last. */
const chainOf = ({ config, authority }: CaOptions): Promise<readonly Uint8Array[]> =>
  withSettings(config, ({ authorities }) => selectAuthority(authorities, authority).authority.chain);

function selectAuthority(authorities: Settings['authorities'], name: string | undefined) {
  const found =
    name === undefined && authorities.size === 1 ? [...authorities.values()][0] : authorities.get(name ?? '');
  if (!found)
    throw new ConfigError(
      `which authority? There is ${[...authorities.keys()].join(', ')}`,
      'Name it with --authority.',
    );
  return found;
}

function facts(der: Uint8Array, role: string): Record<string, string> {
  const view = readCertificate(der);
  const { notBefore, notAfter } = readValidity(view);
  return {
    role,
    subject: nameText(view.subject),
    serial: serialText(view.serialNumber),
    thumbprint: thumbprint(der),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
}
