/** `openndes certs list`. */
import { type Command, Option } from 'commander';
import type { StoredCertificate } from '../../core/records.ts';
import { shownState } from '../../core/lifecycle.ts';
import { listCertificates, type ListedCertificates } from '../../manage/certificates.ts';
import { CERTIFICATE_COLUMNS, certificateFacts } from '../../manage/certificate-facts.ts';
import { csv } from '../../manage/csv.ts';
import {
  type FilterOptions,
  listFilter,
  LIST_STATES,
  moment,
  names,
  serialPrefix,
  thumbprint,
} from '../list-options.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { counted, jsonText, type Output, table } from '../output.ts';
import { theCertificate, withStore } from './certs-store.ts';

type Options = FilterOptions & { config: string; json?: true; csv?: true };

const MOST_ROWS = 1_000_000;

/** Registers the command under `openndes certs`. */
export function registerList(certs: Command, output: Output): void {
  certs
    .command('list')
    .description('issued certificates, newest first')
    .option(...CONFIG)
    .addOption(new Option('--state <state>', 'only certificates in this state').choices(LIST_STATES))
    .addOption(new Option('--expired', 'the same as --state expired').conflicts('state'))
    .option(
      '--expires-before <date>',
      'that end before this date, or within days: 90d; when it lies ahead, those that have ended are left out',
      moment,
    )
    .option('--subject <text>', 'text that the subject contains')
    .option('--cn <prefix>', 'beginning of the common name; quick where there are many certificates')
    .option('--san <name>', 'subjectAltName: dns:, email:, upn:, uri: or ip: and the whole name; or a device id', names)
    .option('--thumbprint <hex>', 'SHA-1 or SHA-256 of the certificate', thumbprint)
    .option('--serial <prefix>', 'beginning of the serial number', serialPrefix)
    .option('--endpoint <name>', 'name of the endpoint; its path when it has no name')
    .option('--limit <number>', 'how many at most', wholeNumber(1, MOST_ROWS), 50)
    .option('--after <serial>', 'start after this certificate; for the next page')
    .addOption(new Option('--csv', 'comma-separated values (RFC 4180) with a line of headings').conflicts('json'))
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes certs list --state delivered --expires-before 30d --csv > ending.csv'))
    .action((options: Options) => list(options, output));
}

async function list({ config, json, csv: asCsv, ...options }: Options, { out, err }: Output): Promise<void> {
  const { result, now } = await withStore(config, { err }, async (management) => {
    const now = management.clock();
    return { result: await listCertificates(management, listFilter(options, now)), now };
  });
  if (result.kind !== 'listed') return void theCertificate(result, options.after ?? '', err);
  const found = result.certificates;
  if (json) out(jsonText(found.map((certificate) => certificateFacts(certificate, now))));
  else out(asCsv ? records(found, now) : listing(found, now));
  if (result.more) err(paging(result, result.more));
}

const paging = ({ certificates }: ListedCertificates, { total, left }: { total: number; left: number }): string =>
  `${counted(certificates.length)} of ${counted(total)}; ${counted(left)} more: --after ${certificates.at(-1)?.serial}`;

const listing = (certificates: readonly StoredCertificate[], now: Date): string =>
  table([
    ['SERIAL', 'STATE', 'ISSUED', 'EXPIRES', 'SUBJECT'],
    ...certificates.map((certificate) => [
      certificate.serial,
      shownState(certificate, now),
      certificate.issuedAt.toISOString().slice(0, 19),
      certificate.notAfter.toISOString().slice(0, 10),
      certificate.subject,
    ]),
  ]);

/** The fields of `certificateFacts`, always all of them. */
const records = (certificates: readonly StoredCertificate[], now: Date): string =>
  csv([
    CERTIFICATE_COLUMNS,
    ...certificates
      .map((certificate) => certificateFacts(certificate, now))
      .map((facts) => CERTIFICATE_COLUMNS.map((column) => facts[column] ?? '')),
  ]);
