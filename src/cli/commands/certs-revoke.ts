/** `openndes certs revoke`. */
import { type Command, Option } from 'commander';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import { findCertificate, revokeCertificate } from '../../manage/certificates.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { failed, theCertificate, withStore } from './certs-store.ts';

type RevokeOptions = { config: string; reason: RevocationReason };

/** Registers the command under `openndes certs`. */
export function registerRevoke(certs: Command, output: Output): void {
  certs
    .command('revoke')
    .description('revoke one certificate: it is on the next revocation list, cannot be renewed and is not sent again')
    .argument('<serial>', 'serial number, hexadecimal; ISSUERID/SERIAL where several issuers used it')
    .addOption(
      new Option('--reason <reason>', 'reason in the revocation list')
        .choices(Object.keys(REVOCATION_REASONS))
        .default('unspecified'),
    )
    .option(...CONFIG)
    .addHelpText(...example('openndes certs revoke 5f2c01 --reason keyCompromise'))
    .action((serial: string, options: RevokeOptions) => revoke(serial, options, output));
}

async function revoke(serial: string, { config, reason }: RevokeOptions, { out, err }: Output): Promise<void> {
  const certificate = await withStore(config, async (management) => {
    const certificate = theCertificate(await findCertificate(management, serial), serial, err);
    if (await revokeCertificate(management, certificate, reason)) return certificate;
    return failed(`the certificate with serial ${certificate.serial} is revoked already`, err);
  });
  out(`revoked ${certificate.serial} (${printable(certificate.subject)}): ${reason}`);
}
