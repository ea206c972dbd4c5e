/** Keeps every certificate that a test gets from the product, for `npm run judge`, which has other readers read them all. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Issued, Issuer } from '../../src/core/issuer.ts';

/** The folder for `<sha256>.der`; nothing is kept when it is not set. */
const { OPENNDES_KEEP_CERTIFICATES: folder } = process.env;
if (folder !== undefined) mkdirSync(folder, { recursive: true });

/** Keeps a certificate, DER, and returns it. Empty octets, which stand for no certificate, are not kept. */
export function kept<T extends Uint8Array>(der: T): T {
  if (folder !== undefined && der.length > 0 && !hasMlDsa(Buffer.from(der)))
    writeFileSync(join(folder, `${hash('sha256', der, 'hex')}.der`), der);
  return der;
}

/** The readers of `npm run judge` do not know ML-DSA, of which these are the OIDs, DER. Those of `npm run postquantum` do. */
const ML_DSA = ['11', '12', '13'].map((last) => Buffer.from(`06096086480165030403${last}`, 'hex'));
const hasMlDsa = (der: Buffer): boolean => ML_DSA.some((id) => der.includes(id));

/** An issuer whose certificates are kept. */
export const keeping = <T extends Issuer>(issuer: T): T => ({
  ...issuer,
  async issue(...order: Parameters<Issuer['issue']>) {
    const answer = await issuer.issue(...order);
    if (answer.kind === 'issued') kept((answer satisfies Issued).certificate);
    return answer;
  },
});
