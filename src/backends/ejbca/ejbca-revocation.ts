/** How a revocation is told to EJBCA. */
import { catchDerError } from '../../asn1/limits.ts';
import type { OrderReason } from '../../core/issuer.ts';
import { comparableAttributes, nameFromText } from '../../pkix/name.ts';

/** The reasons as the REST interface names them. */
const REASONS: Readonly<Record<OrderReason, string>> = {
  unspecified: 'UNSPECIFIED',
  keyCompromise: 'KEY_COMPROMISE',
  cACompromise: 'CA_COMPROMISE',
  affiliationChanged: 'AFFILIATION_CHANGED',
  superseded: 'SUPERSEDED',
  cessationOfOperation: 'CESSATION_OF_OPERATION',
  certificateHold: 'CERTIFICATE_HOLD',
  privilegeWithdrawn: 'PRIVILEGES_WITHDRAWN',
  aACompromise: 'AA_COMPROMISE',
  removeFromCRL: 'REMOVE_FROM_CRL',
};

/** One CA of the answer to `GET /ca`. */
export type ListedCa = { name?: unknown; subject_dn?: unknown };

/**
 * The name of the issuer as EJBCA writes it, which has an order of its own: that of the CA with the same attributes, and else that of the CA
 * with this name. Undefined when EJBCA lists neither.
 */
export function issuerAsListed(issuer: string, listed: readonly ListedCa[], named: string): string | undefined {
  const wanted = attributesOf(issuer);
  const ca =
    listed.find(({ subject_dn: dn }) => typeof dn === 'string' && attributesOf(dn) === wanted) ??
    listed.find(({ name }) => name === named);
  return typeof ca?.subject_dn === 'string' ? ca.subject_dn : undefined;
}

/** The attributes without their order; the text itself where it cannot be read, so that it equals only itself. */
const attributesOf = (text: string): string =>
  catchDerError(
    () => JSON.stringify(comparableAttributes(nameFromText(text)).toSorted()),
    () => text,
  );

/** The path of `revoke`. `issuer`: as EJBCA lists it. */
export const revocationPath = (issuer: string, serial: string, reason: OrderReason): string =>
  `/certificate/${encodeURIComponent(issuer)}/${serial}/revoke?reason=${REASONS[reason]}`;
