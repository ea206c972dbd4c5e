/** `openndes directory compare`: the certificates that Intune lists, compared with those of the store. */
import { type Command, Option } from 'commander';
import { compareNow, readTenants } from '../../app/directory-jobs.ts';
import type { CertificateDifference } from '../../manage/certificate-differences.ts';
import type { ComparedCertificates } from '../../manage/compare-certificates.ts';
import { csv } from '../../manage/csv.ts';
import { CONFIG, example } from '../options.ts';
import { counted, jsonText, type Output, table } from '../output.ts';
import { withStore } from './certs-store.ts';

type Options = { config: string; json?: true; csv?: true };

/** Registers the command under `openndes directory`. */
export function registerCompare(group: Command, output: Output): void {
  group
    .command('compare')
    .description(
      'what only one side knows: the certificates that Intune lists, and those of the store; changes nothing',
    )
    .argument('[tenant]', 'its name in `tenants`; all without it')
    .option(...CONFIG)
    .addOption(new Option('--csv', 'the differences as comma-separated values (RFC 4180)').conflicts('json'))
    .option('--json', 'one JSON array with an object for each tenant')
    .addHelpText(...example('openndes directory compare corp --csv > differences.csv'))
    .action((tenant: string | undefined, options: Options) => compare(tenant, options, output));
}

async function compare(name: string | undefined, { config, ...options }: Options, { out, err }: Output): Promise<void> {
  const tenants = readTenants(config, name);
  const compared = await withStore(config, { err }, async ({ store }) => {
    const all: ComparedCertificates[] = [];
    for (const tenant of tenants) all.push(await compareNow(config, tenant, store));
    return all;
  });
  if (options.json) out(jsonText(compared));
  else if (options.csv) out(csv([COLUMNS, ...compared.flatMap(records)]));
  else for (const each of compared) out(lines(each));
}

const COLUMNS = 'tenant difference serial thumbprint here intune ends issuer subject endpoint device user'.split(' ');

const records = ({ tenant, differences }: ComparedCertificates): string[][] =>
  differences.map(({ ends, ...rest }) => {
    const facts: Readonly<Record<string, string>> = { tenant, ...rest, ends: ends?.toISOString() ?? '' };
    return COLUMNS.map((column) => facts[column] ?? '');
  });

function lines({ tenant, listed, ended, same, valid, waiting, differences }: ComparedCertificates): string {
  const number = (kind: CertificateDifference['difference']): string =>
    counted(differences.filter(({ difference }) => difference === kind).length);
  return [
    `${tenant}: Intune lists ${counted(listed)} certificates, and ${counted(valid)} of the store are valid`,
    `  the same on both sides: ${counted(same)}`,
    `  ended, not compared: ${counted(ended)}`,
    `  another state (state): ${number('state')}`,
    `  not in the store (only-intune): ${number('only-intune')}`,
    `  not in Intune (only-here): ${number('only-here')}`,
    ...(waiting > 0 ? [`  notifications in the outbox: ${counted(waiting)}`] : []),
    ...(differences.length > 0 ? [table([HEADINGS, ...differences.map(cells)])] : []),
  ].join('\n');
}

const HEADINGS = ['DIFFERENCE', 'HERE', 'INTUNE', 'SERIAL', 'EXPIRES', 'SUBJECT', 'ISSUER', 'DEVICE', 'USER'];

const cells = ({ difference, here, intune, serial, ends, ...names }: CertificateDifference): string[] =>
  [difference, here, intune, serial, ends?.toISOString().slice(0, 10), names.subject, names.issuer]
    .concat(names.device, names.user)
    .map((cell) => cell || '-');
