/** `openndes certs show`. */
import type { Command } from 'commander';
import type { AuditEntry } from '../../core/records.ts';
import { certificateHistory, findCertificate, renewalsOf } from '../../manage/certificates.ts';
import { certificateFacts } from '../../manage/certificate-facts.ts';
import { historyLine } from '../history.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { theCertificate, withStore } from './certs-store.ts';

type ShowOptions = { config: string; json?: true };

/** Registers the command under `openndes certs`. */
export function registerShow(certs: Command, output: Output): void {
  certs
    .command('show')
    .description('one certificate and its history')
    .argument('<serial>', 'serial number, hexadecimal; ISSUERID/SERIAL where several issuers used it')
    .option(...CONFIG)
    .option('--json', 'one JSON object')
    .addHelpText(...example('openndes certs show 5f2c01'))
    .action((serial: string, options: ShowOptions) => show(serial, options, output));
}

async function show(serial: string, { config, json }: ShowOptions, { out, err }: Output): Promise<void> {
  const { certificate, history, renewedBy, now } = await withStore(config, { err }, async (management) => {
    const certificate = theCertificate(await findCertificate(management, serial), serial, err);
    const renewedBy = (await renewalsOf(management, certificate)).map((renewal) => renewal.serial);
    return {
      certificate,
      renewedBy,
      history: await certificateHistory(management, certificate),
      now: management.clock(),
    };
  });
  if (json) out(jsonText({ ...certificateFacts(certificate, now), renewedBy, history }));
  else for (const line of lines(certificateFacts(certificate, now), renewedBy, history)) out(line);
}

const lines = (
  facts: Readonly<Record<string, string>>,
  renewedBy: readonly string[],
  history: readonly AuditEntry[],
): string[] => [
  ...Object.entries(facts).map(([name, value]) => `${name}: ${printable(value)}`),
  ...(renewedBy.length > 0 ? [`renewedBy: ${renewedBy.join(', ')}`] : []),
  ...history.map(historyLine),
];
