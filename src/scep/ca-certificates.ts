/** GetCACert (RFC 8894 4.2) and GetCACertChain: which certificates, in which form, under which content type. */
import { writeDegenerate } from '../cms/signed-data.ts';

export type CaCertificates = { contentType: string; body: Uint8Array };

const RA_TYPE = 'application/x-x509-ca-ra-cert';

/**
 * With an RA: its certificates first (the signing one before the encrypting one where it is split), then the issuing CA, the intermediates, the root last; a degenerate SignedData.
 * A single certificate goes out as it is, under its own type, because Apple refuses the other form without an RA.
 */
export function caCertificates(ra: readonly Uint8Array[], chain: readonly Uint8Array[]): CaCertificates {
  const all = [...ra, ...chain];
  return all.length === 1
    ? { contentType: 'application/x-x509-ca-cert', body: all[0]! }
    : { contentType: RA_TYPE, body: writeDegenerate(all) };
}

/**
 * GetCACertChain of older drafts, and GetCAChain as certmonger calls it: the same certificates, but always as a
 * degenerate SignedData. The RA is in it, because the attestation client of Windows asks for nothing else.
 */
export const caChain = (ra: readonly Uint8Array[], chain: readonly Uint8Array[]): CaCertificates => ({
  contentType: RA_TYPE,
  body: writeDegenerate([...ra, ...chain]),
});
