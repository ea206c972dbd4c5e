/**
 * What refusals and errors are on the wire, written by hand from RFC 8894 3.2.1.4, winerror.h and RFC 9110, and a
 * reader that is independent of ours. The product's own table is what they judge, so of it only the type is imported.
 */
import assert from 'node:assert/strict';
import * as asn1js from 'asn1js';
import type { HttpErrorCode, RefusalCode } from '../../src/core/errors.ts';
import { readSigned, signedAttributes } from './pkijs.ts';

/** An HRESULT as Windows prints it: decimal, signed. */
const signed = (hresult: number): string => String(hresult | 0);
const E_INVALIDARG = signed(0x80070057);
const NTE_BAD_ALGID = signed(0x80090008);
const TRUST_E_CERT_SIGNATURE = signed(0x80096004);
const TRUST_E_TIME_STAMP = signed(0x80096005);
const ERROR_NOT_FOUND = signed(0x80070490);
const CERT_E_WRONG_USAGE = signed(0x800b0110);
const CERTSRV_E_BAD_REQUESTSUBJECT = signed(0x80094001);
const RPC_S_SERVER_UNAVAILABLE = signed(0x800706ba);

/** failInfo and HRESULT of every refusal. */
export const REFUSED: Readonly<Record<RefusalCode, readonly [failInfo: string, hresult: string]>> = {
  algorithm_refused: ['0', NTE_BAD_ALGID],
  signature_invalid: ['1', TRUST_E_CERT_SIGNATURE],
  request_refused: ['2', E_INVALIDARG],
  message_type_refused: ['2', E_INVALIDARG],
  sender_nonce_missing: ['2', E_INVALIDARG],
  signer_key_mismatch: ['2', E_INVALIDARG],
  subject_refused: ['2', CERTSRV_E_BAD_REQUESTSUBJECT],
  challenge_missing: ['2', TRUST_E_CERT_SIGNATURE],
  challenge_wrong: ['2', ERROR_NOT_FOUND],
  challenge_used: ['2', CERT_E_WRONG_USAGE],
  challenge_expired: ['2', ERROR_NOT_FOUND],
  blocked: ['2', E_INVALIDARG],
  policy_denied: ['2', E_INVALIDARG],
  intune_denied: ['2', E_INVALIDARG],
  intune_unreachable: ['2', RPC_S_SERVER_UNAVAILABLE],
  policy_unreachable: ['2', RPC_S_SERVER_UNAVAILABLE],
  notification_failed: ['2', RPC_S_SERVER_UNAVAILABLE],
  issuer_failed: ['2', RPC_S_SERVER_UNAVAILABLE],
  rejected: ['2', E_INVALIDARG],
  replayed: ['2', E_INVALIDARG],
  key_compromised: ['2', E_INVALIDARG],
  renewal_refused: ['2', E_INVALIDARG],
  signing_time_refused: ['3', TRUST_E_TIME_STAMP],
  unknown_transaction: ['4', ERROR_NOT_FOUND],
  unknown_certificate: ['4', ERROR_NOT_FOUND],
};

/** The HTTP status of every error. */
export const STATUS: Readonly<Record<HttpErrorCode, number>> = {
  message_undecodable: 400,
  operation_unknown: 400,
  landing_off: 403,
  next_ca_unknown: 404,
  message_too_large: 413,
  message_too_slow: 408,
  overloaded: 503,
  waiting_full: 503,
  unavailable: 503,
};

const PKI_STATUS = '2.16.840.1.113733.1.9.3';
const FAIL_INFO = '2.16.840.1.113733.1.9.4';
const ENROLL_SCEP_ERROR = '1.3.6.1.4.1.311.21.33';

/** failInfo and HRESULT in the octets of a CertRep, which must be a FAILURE. */
export function refusalOf(reply: Uint8Array): [failInfo: string, hresult: string] {
  const attributes = signedAttributes(readSigned(reply));
  const text = (type: string): string => {
    const [value, ...others] = attributes.get(type) ?? [];
    assert.ok(value instanceof asn1js.PrintableString && others.length === 0, type);
    return value.getValue();
  };
  assert.equal(text(PKI_STATUS), '2', 'pkiStatus FAILURE');
  return [text(FAIL_INFO), text(ENROLL_SCEP_ERROR)];
}
