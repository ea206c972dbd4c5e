/** `openndes certs release`. */
import type { Command } from 'commander';
import { releaseCertificate } from '../../manage/certificates.ts';
import { findCertificates } from '../../manage/named-certificates.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { EXIT, Exit } from '../exit.ts';
import { ambiguity, failed, withStore } from './certs-store.ts';

/** Registers the command under `openndes certs`. */
export function registerRelease(certs: Command, output: Output): void {
  certs
    .command('release')
    .description('end the hold of certificates that were revoked with --reason certificateHold: they are valid again')
    .argument('<serial...>', 'serial numbers, hexadecimal; ISSUERID/SERIAL where several issuers used one')
    .option(...CONFIG)
    .addHelpText(...example('openndes certs release 5f2c01'))
    .action((serials: string[], options: { config: string }) => release(serials, options, output));
}

async function release(serials: readonly string[], { config }: { config: string }, { out, err }: Output) {
  await withStore(config, { err }, async (management) => {
    const { certificates, unknown, ambiguous } = await findCertificates(management, serials);
    for (const text of unknown) err(`no certificate with serial ${printable(text.slice(0, 130))}`);
    for (const { certificates: several } of ambiguous) err(ambiguity(several));
    const others = certificates.filter(({ revocationReason }) => revocationReason !== 'certificateHold');
    for (const { serial, state, revocationReason } of others)
      err(
        state === 'revoked'
          ? `${serial} is revoked (${revocationReason}) and not on hold: a revocation is not taken back, enrol a new certificate`
          : `${serial} is not on hold`,
      );
    if (unknown.length + ambiguous.length + others.length > 0) failed('Nothing was released.', err);
    for (const each of certificates) {
      if (!(await releaseCertificate(management, each))) {
        err(`${each.serial} is not on hold any more`);
        throw new Exit(EXIT.failed);
      }
      out(`released ${each.serial} (${printable(each.subject)})`);
    }
  });
}
