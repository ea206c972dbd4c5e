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

/**
 * Revokes each, and with `withRenewals` every certificate that renews one of them. `done` is called for each that is
 * revoked, as soon as it is.
 */
export async function revokeCertificates(
  management: Management<Pick<CertificateStore, 'findRenewals' | 'revoke'>>,
  certificates: readonly StoredCertificate[],
  options: { reason: RevocationReason; withRenewals: boolean; done: (certificate: StoredCertificate) => void },
): Promise<Revoked> {
  const { reason, withRenewals, done } = options;
  const renewals = [];
  for (const each of certificates) renewals.push(...(await renewalsOf(management, each)));
  const wanted = once(withRenewals ? [...certificates, ...renewals] : certificates);
  const result: Revoked = { revoked: [], already: [], renewals: [] };
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const group = wanted.slice(at, at + AT_ONCE);
    const isNew = await Promise.all(group.map((each) => revokeCertificate(management, each, reason)));
    for (const [index, each] of group.entries()) {
      (isNew[index] ? result.revoked : result.already).push(each);
      if (isNew[index]) done(each);
    }
  }
  const keys = new Set(wanted.map(keyOf));
  result.renewals = once(renewals).filter((each) => each.state !== 'revoked' && !keys.has(keyOf(each)));
  return result;
}
