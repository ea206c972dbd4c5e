/** The revocation list of an offline root: signed with its key, without a store. */
import { existsSync } from 'node:fs';
import { certificatesFrom } from '../app/certificate-files.ts';
import { readFile, writePublicFile } from '../app/files.ts';
import { type CaCertificate, readCaCertificate } from '../ca/ca-certificate.ts';
import { equalBytes } from '../core/bytes.ts';
import { DAY, MINUTE } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { RevocationReason } from '../core/issuer.ts';
import { systemClock } from '../embed/system.ts';
import { readCertificate, readValidity, serialText } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { isSignedBy } from '../pkix/signed-by.ts';
import { writeCrl } from '../revocation/certificate-list.ts';
import { type EarlierEntries, earlierEntries } from '../revocation/continued-list.ts';
import type { Revocation } from '../revocation/list-entries.ts';
import { readList } from '../revocation/read-list.ts';
import { assertKeyOf, openCaKey } from './ca-ceremony.ts';
import type { Passphrase } from './passphrase-option.ts';

/** What `ca crl --root` is given: paths, and the URI of the key of the root. `revoke`: certificates that it takes back. */
export type RootListing = {
  root: string;
  key: string;
  passphrase?: Passphrase;
  out: string;
  revoke: readonly string[];
  reason: RevocationReason;
  days: number;
};

/** As with AD CS: a reader whose clock is slow by less takes the list. */
const BACKDATE = 10 * MINUTE;

/**
 * Signs the next list and writes it to `out`, DER. The list that is there is continued: its entries, and a number above its
 * own. Throws ConfigError, and then `out` is as it was.
 */
export async function signRootList(listing: RootListing): Promise<{ number: number; revoked: number }> {
  const [certificate] = certificatesFrom(readFile(listing.root, 'the certificate of the root'), listing.root);
  const ca = readCaCertificate(certificate, systemClock());
  const earlier = await continued(listing.out, ca);
  const added = listing.revoke.map((path) => revocation(path, ca, listing.reason));
  const known = new Set(earlier.revoked.map(({ serialNumber }) => serialText(serialNumber)));
  const revoked = [...earlier.revoked, ...added.filter(({ serialNumber }) => !known.has(serialText(serialNumber)))];
  const key = await openCaKey(listing.key, listing.passphrase);
  try {
    assertKeyOf(certificate, key, listing.root);
    const thisUpdate = new Date(Math.max(systemClock().getTime() - BACKDATE, ca.notBefore.getTime()));
    const number = earlier.number + 1;
    const plan = { issuer: { certificate, key }, revoked, thisUpdate, validity: listing.days * DAY, number };
    writePublicFile(listing.out, await writeCrl(plan));
    return { number, revoked: revoked.length };
  } finally {
    await key.close?.();
  }
}

async function continued(out: string, ca: CaCertificate): Promise<EarlierEntries> {
  if (!existsSync(out)) return { revoked: [], number: 0 };
  const list = readFile(out, 'the list before this one');
  try {
    await readList(list, ca);
    return earlierEntries(list);
  } catch (cause) {
    throw new ConfigError(
      `${out}: ${cause instanceof Error ? cause.message : String(cause)} (the list before this one)`,
      'Put the last list of this root there, so that its number and its entries go on, or name another file.',
      { cause },
    );
  }
}

function revocation(path: string, ca: CaCertificate, reason: RevocationReason): Revocation {
  const [der] = certificatesFrom(readFile(path, 'the certificate to revoke'), path);
  const view = readCertificate(der);
  if (equalBytes(view.subject, ca.subject) || !isSignedBy(view, ca.der))
    throw new ConfigError(
      `${path}: ${nameText(view.subject)} was not issued by ${ca.text}`,
      'Give a certificate that it signed.',
    );
  const { notAfter } = readValidity(view);
  return { serialNumber: view.serialNumber, revokedAt: systemClock(), reason, notAfter };
}
