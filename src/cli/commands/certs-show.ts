/** `openndes certs show`. */
import type { Command } from 'commander';
import { type CertificateHistory, showCertificate } from '../../manage/certificates.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { unknownSerial, withStore } from './certs-store.ts';

type ShowOptions = { config: string; json?: true };

/** Registers the command under `openndes certs`. */
export function registerShow(certs: Command, output: Output): void {
  certs
    .command('show')
    .description('one certificate and its history')
    .argument('<serial>', 'serial number, hexadecimal')
    .option(...CONFIG)
    .option('--json', 'one JSON object')
    .addHelpText(...example('openndes certs show 5f2c01'))
    .action((serial: string, options: ShowOptions) => show(serial, options, output));
}

async function show(serial: string, { config, json }: ShowOptions, { out, err }: Output): Promise<void> {
  const found = await withStore(config, (management) => showCertificate(management, serial));
  const { certificate, history } = found ?? unknownSerial(serial, err);
  if (json) out(JSON.stringify({ ...certificateFacts(certificate), history }));
  else for (const line of lines({ certificate, history })) out(line);
}

const lines = ({ certificate, history }: CertificateHistory): string[] => [
  ...Object.entries(certificateFacts(certificate)).map(([name, value]) => `${name}: ${printable(value)}`),
  ...history.map(({ at, event, detail }) => `${at.toISOString()}  ${event}${detail ? `  ${printable(detail)}` : ''}`),
];
