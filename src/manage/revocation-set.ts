/** The certificates that a filter finds and that can be revoked, and a digest by which a preview and its confirmation mean the same ones. */
import { hash } from 'node:crypto';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateQuery, SearchStore } from '../core/search-store.ts';

/** `digest`: SHA-256 over the set, hexadecimal. */
export type RevocationSet = { certificates: StoredCertificate[]; digest: string };

const PAGE = 1_000;

/** Those of the query that are neither revoked nor ended; undefined when they are more than `most`. */
export async function revocationSet(
  store: Pick<SearchStore, 'searchCertificates'>,
  query: Omit<CertificateQuery, 'state'>,
  most: number,
): Promise<RevocationSet | undefined> {
  const certificates: StoredCertificate[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.searchCertificates(query, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    certificates.push(
      ...page.certificates.filter(({ state, notAfter }) => state !== 'revoked' && notAfter >= query.now),
    );
    if (certificates.length > most) return undefined;
    cursor = page.next;
    if (cursor === undefined) return { certificates, digest: digestOf(certificates) };
  }
}

/** Not over the query: what ends within some days is another query at each moment. */
function digestOf(certificates: readonly StoredCertificate[]): string {
  const set = certificates.map(({ issuerId, serial }) => `${issuerId}/${serial}`).toSorted();
  return hash('sha256', JSON.stringify(set));
}
