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
  if (folder !== undefined && der.length > 0) writeFileSync(join(folder, `${hash('sha256', der, 'hex')}.der`), der);
  return der;
}

/** An issuer whose certificates are kept. */
export const keeping = <T extends Issuer>(issuer: T): T => ({
  ...issuer,
  async issue(...order: Parameters<Issuer['issue']>) {
    const answer = await issuer.issue(...order);
    if (answer.kind === 'issued') kept((answer satisfies Issued).certificate);
    return answer;
  },
});
