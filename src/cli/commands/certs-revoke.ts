/** `openndes certs revoke`. */
import { type Command, Option } from 'commander';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import type { Store } from '../../core/store.ts';
import type { StoredCertificate } from '../../core/records.ts';
import { CONFIG } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { systemClock } from '../../embed/system.ts';
import { failed, known, withStore } from './certs-store.ts';

export function registerRevoke(certs: Command, { out, err }: Output): void {
  certs
    .command('revoke')
    .description('revoke one certificate: it is on the next revocation list, renews nothing and is sent to nobody')
    .argument('<serial>', 'serial number, hexadecimal')
    .addOption(new Option('--reason <reason>', 'why').choices(Object.keys(REVOCATION_REASONS)).default('unspecified'))
    .option(...CONFIG)
    .addHelpText('after', '\nExample:\n  openndes certs revoke 5f2c01 --reason keyCompromise')
    .action(async (serial: string, { config, reason }: { config: string; reason: RevocationReason }) => {
      const certificate = await withStore(config, (store) => revoked(store, serial, reason, err));
      out(`revoked ${certificate.serial} (${printable(certificate.subject)}): ${reason}`);
    });
}

/** Exit 1 when there is no such certificate, or when it is revoked already. */
async function revoked(
  store: Store,
  serial: string,
  reason: RevocationReason,
  err: Output['err'],
): Promise<StoredCertificate> {
  const certificate = await known(store, serial, err);
  const { endpoint, transactionId } = certificate;
  const audit = { at: systemClock(), event: 'revoked', endpoint, transactionId, detail: reason } as const;
  if (await store.revoke(certificate.serial, reason, { ...audit, serial: certificate.serial })) return certificate;
  return failed(`the certificate with serial ${certificate.serial} is revoked already`, err);
}
