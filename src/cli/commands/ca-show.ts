/** `openndes ca show`: the certificates of an authority, and who wants which. */
import type { Command } from 'commander';
import { readCaCertificate } from '../../ca/ca-certificate.ts';
import { brokenRules, brokenText } from '../../ca/platform-rules.ts';
import { readCertificate, readValidity, serialText, thumbprint, thumbprintSha256 } from '../../pkix/certificate.ts';
import { nameText } from '../../pkix/name.ts';
import { type CaRole, directoryNote, roleOf, THUMBPRINTS, USES } from '../ca-uses.ts';
import { AUTHORITY, type CaOptions, certificatesOf } from '../chosen-authority.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';

type ShowOptions = CaOptions & { json?: true };

/** Registers the command. */
export function registerCaShow(ca: Command, output: Output): void {
  ca.command('show')
    .description('certificates of an authority and its RA, with both thumbprints, and which platform wants which')
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes ca show --config openndes.yaml'))
    .action((options: ShowOptions) => show(options, output));
}

async function show(options: ShowOptions, { out, err }: Output): Promise<void> {
  const { chain, ra } = await certificatesOf(options);
  const rows = [
    ...chain.map((der, index) => caFacts(der, roleOf(index, chain.length))),
    ...(await ra()).map((der) => caFacts(der, 'RA')),
  ];
  if (options.json) return out(jsonText(rows));
  for (const row of rows) out(`${linesOf(row)}\n`);
  for (const line of THUMBPRINTS) out(line);
  for (const text of brokenTexts(chain)) err(`warning: ${printable(text)}`);
  out(`\n${directoryNote('ca.cer')}\n\`openndes ca export-issuing --out ca.cer\` writes that file.`);
}

/** Also of a chain that has ended: `check` says that. */
function brokenTexts(chain: readonly Uint8Array[]): string[] {
  const cas = chain.map((der) => readCaCertificate(der, readValidity(readCertificate(der)).notAfter));
  return brokenRules(cas).map(brokenText);
}

const linesOf = (row: Record<string, string>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}: ${printable(value)}`)
    .join('\n');

function caFacts(der: Uint8Array, role: CaRole): Record<string, string> {
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
    use: USES[role],
  };
}
