/** How many signatures key services allow, as they publish it. One enrolment is one signature of the CA. */
import type { KeyKind } from '../../core/keys.ts';

/** `perSecond`: the least that the service allows by itself. `text`: the quota in its own words. */
export type SignatureQuota = { perSecond: number; text: string };

/** Transactions of one vault in 10 seconds, in hardware and in software. */
const VAULT: Readonly<Record<string, readonly [hardware: number, software: number]>> = {
  'rsa/2048': [2000, 4000],
  'rsa/3072': [500, 1000],
  'rsa/4096': [250, 500],
};
const VAULT_EC = [2000, 4000] as const;

type QuotaOf = (key: KeyKind) => SignatureQuota;

const QUOTAS: ReadonlyMap<string, QuotaOf> = new Map<string, QuotaOf>([
  [
    'awskms',
    ({ type }) => ({
      perSecond: 1000,
      text: `AWS KMS: 1,000 requests per second with ${type === 'rsa' ? 'RSA' : 'ECC'} keys, all keys of an account and region together`,
    }),
  ],
  [
    'azurekms',
    ({ type, bits }) => {
      const [hardware, software] = VAULT[`${type}/${bits}`] ?? VAULT_EC;
      const text = `Azure Key Vault: ${hardware} operations in 10 seconds in hardware, ${software} in software, all keys of a vault together`;
      return { perSecond: hardware / 10, text };
    },
  ],
]);

/** The usual quota of the service with this scheme; undefined where none is published or none is known. */
export const signatureQuota = (scheme: string, key: KeyKind): SignatureQuota | undefined => QUOTAS.get(scheme)?.(key);
