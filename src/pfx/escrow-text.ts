/** A key in escrow as the store keeps it, and as a file: JSON without a secret that one person alone could open. */
import { ConfigError } from '../core/errors.ts';
import type { SecretShare } from './secret-sharing.ts';

/** The share of one officer, sealed. `sha256` as in `RecoveryOfficer`. */
export type SealedShare = { officer: string; sha256: string; sealed: Uint8Array };

/** A share that an officer opened. It is a secret. */
export type EscrowShare = { officer: string; sha256: string; share: SecretShare };

/** `thumbprint`: SHA-256 of the certificate, lower-case hexadecimal. `required`: how many officers must come together. */
export type Escrow = { thumbprint: string; required: number; shares: readonly SealedShare[]; sealed: Uint8Array };

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** One line of JSON. */
export const escrowText = ({ shares, sealed, ...plain }: Escrow): string =>
  JSON.stringify({
    openndesEscrow: 1,
    ...plain,
    shares: shares.map(({ sealed: share, ...officer }) => ({ ...officer, sealed: base64(share) })),
    sealed: base64(sealed),
  });

/** What `escrowText` wrote. `where` is for errors. Throws ConfigError for everything else. */
export function readEscrow(text: string, where: string): Escrow {
  try {
    const { openndesEscrow, thumbprint, required, shares, sealed } = fieldsOf(JSON.parse(text));
    if (openndesEscrow !== 1 || !Number.isSafeInteger(required) || !Array.isArray(shares))
      throw new TypeError('another form');
    return {
      thumbprint: textOf(thumbprint),
      required: Number(required),
      shares: shares.map((share: unknown) => shareOf(fieldsOf(share))),
      sealed: octetsOf(sealed),
    };
  } catch (cause) {
    throw new ConfigError(`${where}: not a key in escrow`, 'Give the record as it was exported, whole.', { cause });
  }
}

const fieldsOf = (value: unknown): Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return { ...value };
};

const textOf = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
};

const octetsOf = (value: unknown): Uint8Array => Buffer.from(textOf(value), 'base64');

const shareOf = ({ officer, sha256, sealed }: Record<string, unknown>): SealedShare => ({
  officer: textOf(officer),
  sha256: textOf(sha256),
  sealed: octetsOf(sealed),
});
