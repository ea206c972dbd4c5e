/** Issuances as rows alone, to fill a store before it is measured. */
import { createHash } from 'node:crypto';
import type { Issuance } from '../../src/core/store.ts';

const ISSUER_ID = 'ab'.repeat(32);
const DER = Buffer.alloc(1100, 0x30);
const AT = new Date('2026-01-01T00:00:00Z');

/** The n-th of them; every number gives other keys and the same size. */
export function issuanceNumber(n: number): Issuance {
  const key = createHash('sha256').update(String(n)).digest('hex');
  const transaction = {
    key,
    endpoint: '/scep',
    request: key,
    nonces: [key.slice(0, 36)],
    transactionId: key.slice(0, 40),
    signer: key,
    subject: `CN=stored-${n}`,
  };
  const serial = key.slice(0, 32);
  return {
    transaction,
    certificate: {
      issuerId: ISSUER_ID,
      serial,
      endpoint: '/scep',
      transactionId: transaction.transactionId,
      subject: transaction.subject,
      issuer: 'CN=Bench CA',
      thumbprint: key.slice(0, 40).toUpperCase(),
      thumbprintSha256: key,
      publicKeyHash: key,
      crlShard: 0,
      der: DER,
      notBefore: AT,
      notAfter: new Date(AT.getTime() + 365 * 86_400_000),
      state: 'delivered',
      issuedAt: AT,
      firstIssuedAt: AT,
      deliveredAt: AT,
    },
    names: [
      { kind: 'cn', value: `stored-${n}` },
      { kind: 'upn', value: `user-${n}@example.com` },
      { kind: 'intuneDeviceId', value: key.slice(0, 36) },
    ],
    audit: {
      at: AT,
      event: 'issued',
      endpoint: '/scep',
      transactionId: transaction.transactionId,
      issuerId: ISSUER_ID,
      serial,
      actor: { kind: 'device' },
      source: 'scep',
    },
  };
}
