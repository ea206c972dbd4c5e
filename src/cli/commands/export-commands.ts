/** `openndes export`: all certificates in one file, also while the server runs. */
import { type Command, Option } from 'commander';
import { writeWhole } from '../../app/durable-file.ts';
import { EXPORT_FORMS, type ExportCounts, exportedCertificates, type ExportForm } from '../exported-certificates.ts';
import { CONFIG, example } from '../options.ts';
import { counted, type Output } from '../output.ts';
import { withStore } from './certs-store.ts';

/** Registers the command. */
export function registerExport(program: Command, { out, err }: Output): void {
  program
    .command('export')
    .description('every certificate of the store, the newest first, into one file')
    .argument('<file>', 'the file; one that is there is replaced')
    .addOption(
      new Option(
        '--format <form>',
        '`pem`; `der`: a tar file with ISSUERID/SERIAL.cer; `csv` and `jsonl` (JSON lines): what `certs show` shows, also of certificates whose octets were removed',
      )
        .choices(EXPORT_FORMS)
        .default('pem'),
    )
    .option(...CONFIG)
    .addHelpText(...example('openndes export --format csv certificates.csv'))
    .action((file: string, { config, format }: { config: string; format: ExportForm }) =>
      withStore(config, { err }, async ({ store, clock }) => {
        const counts: ExportCounts = { written: 0, withoutDer: 0 };
        await writeWhole(file, exportedCertificates(store, format, { now: clock(), counts }));
        out(`wrote ${file}: ${counted(counts.written)} certificates`);
        if (counts.withoutDer > 0)
          err(
            `note: of ${counted(counts.withoutDer)} the store has removed the octets after their time, as \`keep.der\` says.`,
          );
      }),
    );
}
