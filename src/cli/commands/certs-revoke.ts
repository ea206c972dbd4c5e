/** `openndes certs revoke`. */
import { type Command, Option } from 'commander';
import type { StoredCertificate } from '../../core/records.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import { findCertificate, renewalsOf, revokeCertificate } from '../../manage/certificates.ts';
import { readSections } from '../../app/configuration-file.ts';
import { unlistedIssuers } from '../../app/unlisted-issuers.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { failed, theCertificate, withStore } from './certs-store.ts';

type RevokeOptions = { config: string; reason: RevocationReason; withRenewals?: true };

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
    .option('--with-renewals', 'also every certificate that renews it, and those that renew these')
    .option(...CONFIG)
    .addHelpText(...example('openndes certs revoke 5f2c01 --reason keyCompromise --with-renewals'))
    .action((serial: string, options: RevokeOptions) => revoke(serial, options, output));
}

async function revoke(serial: string, options: RevokeOptions, { out, err }: Output): Promise<void> {
  const { config, reason, withRenewals } = options;
  const { revoked, renewals, unlisted } = await withStore(config, { err }, async (management) => {
    const certificate = theCertificate(await findCertificate(management, serial), serial, err);
    const renewals = await renewalsOf(management, certificate);
    const revoked: StoredCertificate[] = [];
    for (const each of withRenewals ? [certificate, ...renewals] : [certificate])
      if (await revokeCertificate(management, each, reason)) revoked.push(each);
    if (revoked.length === 0)
      return failed(`the certificate with serial ${certificate.serial} is revoked already`, err);
    // Printed first: the certificates are revoked, also when a CA certificate cannot be read.
    for (const each of revoked) out(`revoked ${each.serial} (${printable(each.subject)}): ${reason}`);
    const authorities = readSections(config, ['authorities'], ['key', 'passphrase']);
    return { revoked, renewals, unlisted: await unlistedIssuers(authorities, management.store) };
  });
  for (const { issuerId, name, authority } of unlisted)
    if (revoked.some((each) => each.issuerId === issuerId))
      err(
        `It is on no revocation list: no authority has the key of ${printable(name)}. Here it does not renew any more, but programs ` +
          `that check lists still accept it. Name that CA under \`authorities.${authority}.previous\`, and reload the server.`,
      );
  const valid = withRenewals ? [] : renewals.filter(({ state }) => state !== 'revoked');
  if (valid.length > 0)
    err(
      `${valid.length} renewals of it are still valid (${valid.map((each) => each.serial).join(', ')}): ` +
        'revoke them too with --with-renewals when its key is in the wrong hands.',
    );
}
