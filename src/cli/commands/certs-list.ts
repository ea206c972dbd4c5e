/** `openndes certs list`. */
import { type Command, Option } from 'commander';
import type { CertificateState, StoredCertificate } from '../../core/records.ts';
import { listCertificates, type ListFilter } from '../../manage/certificates.ts';
import { certificateFacts, stateText } from '../certificate-facts.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { type Output, table } from '../output.ts';
import { theCertificate, withStore } from './certs-store.ts';

type ListOptions = ListFilter & { config: string; json?: true };

const STATES: readonly CertificateState[] = ['issued', 'delivered', 'revoked'];
const MOST_ROWS = 1_000_000;

/** Registers the command under `openndes certs`. */
export function registerList(certs: Command, output: Output): void {
  certs
    .command('list')
    .description('issued certificates, newest first')
    .option(...CONFIG)
    .addOption(new Option('--state <state>', 'only certificates in this state').choices(STATES))
    .option('--subject <text>', 'text that the subject contains')
    .option('--endpoint <name>', 'name of the endpoint; its path when it has no name')
    .option('--limit <number>', 'how many at most', wholeNumber(1, MOST_ROWS), 50)
    .option('--after <serial>', 'start after this certificate; for the next page')
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes certs list --subject laptop --json'))
    .action((options: ListOptions) => list(options, output));
}

async function list({ config, json, ...filter }: ListOptions, { out, err }: Output): Promise<void> {
  const result = await withStore(config, { err }, (management) => listCertificates(management, filter));
  if (result.kind !== 'listed') return void theCertificate(result, filter.after ?? '', err);
  const found = result.certificates;
  out(json ? JSON.stringify(found.map(certificateFacts)) : listing(found));
}

const listing = (certificates: readonly StoredCertificate[]): string =>
  table([
    ['SERIAL', 'STATE', 'ISSUED', 'EXPIRES', 'SUBJECT'],
    ...certificates.map((certificate) => [
      certificate.serial,
      stateText(certificate),
      certificate.issuedAt.toISOString().slice(0, 19),
      certificate.notAfter.toISOString().slice(0, 10),
      certificate.subject,
    ]),
  ]);
