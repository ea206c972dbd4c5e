/** `openndes ca export-root` and `ca export-issuing`: a certificate for devices, for Intune and for Active Directory. */
import type { Command } from 'commander';
import { writePublicFile } from '../../app/files.ts';
import { certificatePem } from '../../pkix/pem.ts';
import { AUTHORITY, type CaOptions, certificatesOf } from '../chosen-authority.ts';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';
import { directoryNote } from '../ca-uses.ts';

type ExportOptions = CaOptions & { out?: string };

/** Registers both commands. */
export function registerCaExport(ca: Command, output: Output): void {
  exporting(ca, 'export-root')
    .description('the root certificate as PEM, or as a .cer file for the trusted certificate profile of Intune')
    .addHelpText(...example('openndes ca export-root --out root.cer'))
    .action((options: ExportOptions) => exportRoot(options, output));
  exporting(ca, 'export-issuing')
    .description('the certificate of the issuing CA as PEM, or as a .cer file for the NTAuth store of Active Directory')
    .addHelpText(...example('openndes ca export-issuing --out ca.cer'))
    .action((options: ExportOptions) => exportIssuing(options, output));
}

const exporting = (ca: Command, name: string): Command =>
  ca
    .command(name)
    .option(...CONFIG)
    .option(...AUTHORITY)
    .option('--out <file>', 'write it here, as DER (.cer)');

async function exportRoot(options: ExportOptions, output: Output): Promise<void> {
  const { chain } = await certificatesOf(options);
  write(chain.slice(-1), options, output);
}

async function exportIssuing(options: ExportOptions, output: Output): Promise<void> {
  const { chain } = await certificatesOf(options);
  write(chain.slice(0, 1), options, output);
  if (options.out !== undefined) output.out(directoryNote(options.out));
}

function write(certificates: readonly Uint8Array[], { out: file }: ExportOptions, { out }: Output): void {
  if (file === undefined) return out(certificatePem(...certificates).trimEnd());
  for (const der of certificates) writePublicFile(file, der);
  out(`wrote ${file}`);
}
