/** `openndes explain`: prints what a captured PKIOperation, reply or certificate contains. */
import type { Command } from 'commander';
import { explain } from '../message-report.ts';
import { readFile } from '../../app/files.ts';
import { example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { type NamedRa, withRas } from '../../app/named-ras.ts';

type ExplainOptions = { config?: string; json?: true };

/** Octets of the file, far more than a message may have. */
const LONGEST = 16 * 1024 * 1024;

/** Registers the command. */
export function registerExplain(program: Command, { out }: Output): void {
  program
    .command('explain')
    .description('decode a captured SCEP message: DER, BER, base64, PEM or the URL of a GET')
    .argument('<file>', 'file with the message')
    .option('--config <file>', 'configuration whose RA keys open the envelope, and whose endpoints judge the message')
    .option('--json', 'one JSON object')
    .addHelpText(...example('openndes explain captured.der --config openndes.yaml'))
    .action(async (file: string, { config, json }: ExplainOptions) => {
      const read = (ras: NamedRa[]) => explain(readFile(file, 'a captured message', LONGEST), ras);
      const facts = await (config === undefined ? read([]) : withRas(config, read));
      out(json ? jsonText(facts) : reportText(facts));
    });
}

/** One fact on each line; the facts of a part are indented below it. */
export const reportText = (facts: Record<string, unknown>, indent = ''): string =>
  Object.entries(facts)
    .map(([name, value]) => line(name, value, indent))
    .join('\n');

function line(name: string, value: unknown, indent: string): string {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => line(`${name} ${index + 1}`, item, indent)).join('\n');
  if (typeof value === 'object' && value !== null)
    return `${indent}${name}:\n${reportText(value as Record<string, unknown>, `${indent}  `)}`;
  return `${indent}${printable(name)}: ${printable(String(value))}`;
}
