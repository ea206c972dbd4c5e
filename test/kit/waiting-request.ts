/** Requests that wait in a store, with a real PKCS#10. */
import type { StoredTransaction } from '../../src/core/records.ts';
import type { Store } from '../../src/core/store.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { pendingFor } from '../../src/testing/store-samples.ts';
import { client } from './pki.ts';

/** `subject`: RFC 4514. `san`: `type:text`. */
export type Asks = Partial<Pick<StoredTransaction, 'endpoint' | 'transactionId' | 'reason'>> & {
  subject: string;
  san?: readonly string[];
};

/** Records the nth one. */
export async function recordWaiting(store: Store, n: number, { subject, san = [], ...rest }: Asks): Promise<void> {
  const extensions = san.length > 0 ? [subjectAltName(san.map(generalNameFromText))] : [];
  const csr = await writeCertificationRequest({ subject: nameFromText(subject), extensions }, client.key);
  const { transaction, audit } = pendingFor(n);
  await store.recordPending({ audit, transaction: { ...transaction, subject, csr, ...rest } });
}
