/** GetCACert (RFC 8894 4.2) and GetCACertChain: which certificates, in which form, under which content type. */
import { writeDegenerate } from '../cms/signed-data.ts';

/** A body and its media type. */
export type CaCertificates = { contentType: string; body: Uint8Array };

const RA_TYPE = 'application/x-x509-ca-ra-cert';
/** That of the drafts before RFC 8894 and of EJBCA. */
const CHAIN_TYPE = 'application/x-x509-ca-ra-cert-chain';

/**
 * With an RA: its certificates first (of a split RA the signing one before the encrypting one), then the issuing CA, the
 * intermediates and the root, as a degenerate SignedData. A single certificate is sent as it is, under its own media
 * type, because Apple refuses the other form without an RA. All certificates are DER.
 */
export function caCertificates(ra: readonly Uint8Array[], chain: readonly Uint8Array[]): CaCertificates {
  const all = [...ra, ...chain];
  return all.length === 1
    ? { contentType: 'application/x-x509-ca-cert', body: all[0]! }
    : { contentType: RA_TYPE, body: writeDegenerate(all) };
}

/**
 * GetCACertChain of older drafts: the same certificates, but always as a degenerate SignedData. It includes the RA,
 * because the attestation client of Windows sends no GetCACert.
 */
export const caChain = (ra: readonly Uint8Array[], chain: readonly Uint8Array[]): CaCertificates => ({
  contentType: CHAIN_TYPE,
  body: writeDegenerate([...ra, ...chain]),
});

/** GetCAChain is what certmonger calls GetCACertChain. It knows no media type of a chain. */
export const asCaChain = ({ body }: CaCertificates): CaCertificates => ({ contentType: RA_TYPE, body });
