/** GetCACert (RFC 8894 4.2): which certificates, in which form, under which content type. */
import { writeDegenerate } from '../cms/signed-data.ts';

export type CaCertificates = { contentType: string; body: Uint8Array };

/**
 * With an RA: its certificates first, then the issuing CA, the intermediates, the root last; a degenerate SignedData.
 * A single certificate goes out as it is, under its own type, because Apple refuses the other form without an RA.
 */
export function caCertificates(ra: readonly Uint8Array[], chain: readonly Uint8Array[]): CaCertificates {
  const all = [...ra, ...chain];
  return all.length === 1
    ? { contentType: 'application/x-x509-ca-cert', body: all[0]! }
    : { contentType: 'application/x-x509-ca-ra-cert', body: writeDegenerate(all) };
}
