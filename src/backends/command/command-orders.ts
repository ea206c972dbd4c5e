/** What a program of the administrator is asked: numbers, base64 and fixed words, so that a careless script cannot be made to run another command. */
import type { CommandOperation } from '../../core/command-operations.ts';
import { REVOCATION_REASONS, type RevocationOrder } from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { commandFault } from './command-fault.ts';
import type { CommandOrder } from './command-exchange.ts';

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

/** An order for a certificate, or the search for that of an earlier order. `notAfter`: when it must end. */
export const certificateOrder = (
  operation: Extract<CommandOperation, 'issue' | 'find'>,
  { csr, requestKey, endpoint }: EnrollmentRequest,
  notAfter: Date,
): CommandOrder => ({
  operation,
  fields: { requestKey, endpoint, csr: base64(csr.der), notAfter: notAfter.toISOString() },
  secrets: csr.challenge === undefined ? [] : [csr.challenge],
});

/** A revocation. Throws IssuerError for what is no serial number or no reason. */
export function revokeOrder(order: RevocationOrder): CommandOrder {
  if (!Object.hasOwn(REVOCATION_REASONS, order.reason))
    throw commandFault('invalid', 'the reason of the revocation is none of RFC 5280 5.3.1');
  const { reason } = order;
  return { operation: 'revoke', fields: { ...revokedFields(order), reason, reasonCode: REVOCATION_REASONS[reason] } };
}

/** The end of a hold. Throws as `revokeOrder` does. */
export const releaseOrder = (order: Omit<RevocationOrder, 'reason'>): CommandOrder => ({
  operation: 'release',
  fields: revokedFields(order),
});

function revokedFields({ serial, certificate, reference, at }: Omit<RevocationOrder, 'reason'>): object {
  if (!/^[0-9a-f]{1,40}$/.test(serial))
    throw commandFault('invalid', 'the serial number is not lower-case hexadecimal');
  return { serial, certificate: base64(certificate), reference, at: at.toISOString() };
}
