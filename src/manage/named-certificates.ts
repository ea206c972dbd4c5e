/** Many certificates that an administrator names by serial number, found before anything is done with one of them. */
import type { RevocationReason } from '../core/issuer.ts';
import type { CertificateId, StoredCertificate } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';
import type { Management } from './administrator.ts';
import { findCertificate, renewalsOf, revokeCertificate } from './certificates.ts';

/** `certificates`: each once, in the order in which they were named. The others as they were named. */
export type NamedCertificates = {
  certificates: StoredCertificate[];
  unknown: string[];
  ambiguous: { text: string; certificates: readonly StoredCertificate[] }[];
};

/** Finds the certificate of each text, as `findCertificate` takes it. */
export async function findCertificates(
  management: { store: Pick<CertificateStore, 'findCertificatesBySerial'> },
  texts: Iterable<string>,
): Promise<NamedCertificates> {
  const named: NamedCertificates = { certificates: [], unknown: [], ambiguous: [] };
  for (const text of new Set(texts)) {
    const found = await findCertificate(management, text);
    if (found.kind === 'found') named.certificates.push(found.certificate);
    else if (found.kind === 'unknown') named.unknown.push(text);
    else named.ambiguous.push({ text, certificates: found.certificates });
  }
  return { ...named, certificates: once(named.certificates) };
}

const once = (certificates: readonly StoredCertificate[]): StoredCertificate[] => [
  ...new Map(certificates.map((each) => [keyOf(each), each])).values(),
];

const keyOf = ({ issuerId, serial }: CertificateId): string => `${issuerId}/${serial}`;

/** `revoked`: now. `already`: before. `renewals`: those of all of them that are not revoked, and were not to be. */
export type Revoked = { revoked: StoredCertificate[]; already: StoredCertificate[]; renewals: StoredCertificate[] };

/** Revocations that share a commit of the store. */
const AT_ONCE = 64;

type Revoking = Management<Pick<CertificateStore, 'findRenewals' | 'revoke'>>;

/** `first` is called for each certificate before it is revoked, and `done` for each that is, as soon as it is. */
type RevokingOptions = {
  reason: RevocationReason;
  /** For the history. */
  why?: string;
  withRenewals: boolean;
  first?: ((certificate: StoredCertificate) => Promise<void>) | undefined;
  done: (certificate: StoredCertificate) => void;
};

/**
 * Revokes each, and with `withRenewals` every certificate that renews one of them. Renewals are looked for when those that
 * they renew are revoked: until then a device can renew.
 */
export async function revokeCertificates(
  management: Revoking,
  certificates: readonly StoredCertificate[],
  options: RevokingOptions,
): Promise<Revoked> {
  const all: Revoked = { revoked: [], already: [], renewals: [] };
  const seen = new Set<string>();
  for (let wanted = once(certificates); wanted.length > 0; ) {
    for (const each of wanted) seen.add(keyOf(each));
    const { revoked, already } = await revokeEach(management, wanted, options);
    all.revoked = all.revoked.concat(revoked);
    all.already = all.already.concat(already);
    const renewals = (await renewalsOfAll(management, wanted)).filter((each) => !seen.has(keyOf(each)));
    wanted = options.withRenewals ? renewals : [];
    if (!options.withRenewals) all.renewals = renewals.filter(({ state }) => state !== 'revoked');
  }
  return all;
}

/** These, and every certificate that renews one of them. */
export async function withRenewalsOf(
  management: Revoking,
  certificates: readonly StoredCertificate[],
): Promise<StoredCertificate[]> {
  let all = once(certificates);
  for (let wanted = all; wanted.length > 0; ) {
    const before = new Set(all.map(keyOf));
    wanted = (await renewalsOfAll(management, wanted)).filter((each) => !before.has(keyOf(each)));
    all = all.concat(wanted);
  }
  return all;
}

async function revokeEach(
  management: Revoking,
  certificates: readonly StoredCertificate[],
  { reason, why, first, done }: RevokingOptions,
): Promise<Pick<Revoked, 'revoked' | 'already'>> {
  const result: Pick<Revoked, 'revoked' | 'already'> = { revoked: [], already: [] };
  for (let at = 0; at < certificates.length; at += AT_ONCE) {
    const group = certificates.slice(at, at + AT_ONCE);
    for (const each of group) await first?.(each);
    const isNew = await Promise.all(group.map((each) => revokeCertificate(management, each, reason, why)));
    for (const [index, each] of group.entries()) {
      (isNew[index] ? result.revoked : result.already).push(each);
      if (isNew[index]) done(each);
    }
  }
  return result;
}

async function renewalsOfAll(
  management: Revoking,
  certificates: readonly StoredCertificate[],
): Promise<StoredCertificate[]> {
  const renewals: StoredCertificate[] = [];
  for (const each of certificates) for (const renewal of await renewalsOf(management, each)) renewals.push(renewal);
  return once(renewals);
}
