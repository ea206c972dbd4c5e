/** What every `openndes certs` command shares: the store that a configuration names, and how a command fails. */
import { ConfigError } from '../../core/errors.ts';
import type { StoredCertificate } from '../../core/records.ts';
import type { Store } from '../../core/store.ts';
import { openExistingStore } from '../../app/configured-store.ts';
import { systemClock } from '../../embed/system.ts';
import type { Management } from '../../manage/administrator.ts';
import { canonicalSerial, type FoundCertificate } from '../../manage/certificates.ts';
import { commandLineUser } from '../command-line-user.ts';
import { EXIT, Exit } from '../exit.ts';
import { type Output, printable } from '../output.ts';

/**
 * Opens the store of a configuration file for one use case, and closes it afterwards. A store that does not exist is not
 * created: it counts as empty, and a note is printed. Throws ConfigError.
 */
export async function withStore<T>(
  config: string,
  { err }: Pick<Output, 'err'>,
  work: (management: Management<Store>) => Promise<T>,
): Promise<T> {
  const store = await openExistingStore(config, (path) => err(noStore(path)));
  try {
    return await work({ store, clock: systemClock, ...commandLineUser() });
  } finally {
    await store.close();
  }
}

/** The note that there is nothing at the path of the store. */
export const noStore = (path: string): string =>
  `note: there is no store at ${path} yet; \`openndes serve\` creates it`;

/** For `openExistingStore` of commands that write: throws ConfigError. */
export const assertStore = (path: string): never => {
  throw new ConfigError(`there is no store at ${path}`, 'Start the server once: it makes the store.');
};

/** Prints why the command failed, and ends it with exit 1. */
export function failed(reason: string, err: Output['err']): never {
  err(reason);
  throw new Exit(EXIT.failed);
}

/** The certificate that was found. Ends the command with exit 1 when there is none, or more than one. */
export function theCertificate(found: FoundCertificate, serial: string, err: Output['err']): StoredCertificate {
  if (found.kind === 'found') return found.certificate;
  if (found.kind === 'unknown')
    return failed(`no certificate with serial ${canonicalSerial(serial).slice(0, 64)}`, err);
  return failed(ambiguity(found.certificates), err);
}

/** That several certificates have one serial number, and how to name each. */
export const ambiguity = (certificates: readonly StoredCertificate[]): string =>
  `several issuers used this serial number; name one of:\n${certificates
    .map(({ issuerId, serial, issuer }) => `${issuerId}/${serial} (${printable(issuer)})`)
    .join('\n')}`;
