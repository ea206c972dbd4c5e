/** Writes OCSP responses (RFC 6960 4.2). */
import { hash } from 'node:crypto';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { bitString, encode, generalizedTime, nullValue, octetString, oid, sequence } from '../asn1/writer.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { keyIdentifier, writeExtension } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { digestFor, signatureIdentifier } from '../pkix/signature.ts';

/** OCSPResponseStatus (4.2.1) of the answers without a signature. `sigRequired` is never given. */
const UNSIGNED = { malformedRequest: 1, internalError: 2, tryLater: 3, unauthorized: 6 } as const;
/** Why there is no signed answer. */
export type UnsignedStatus = keyof typeof UNSIGNED;

const status = (code: number): Uint8Array => encode(TAG.enumerated, Uint8Array.of(code));

/** Each response without a signature, DER. */
export const UNSIGNED_RESPONSES = Object.fromEntries(
  Object.entries(UNSIGNED).map(([name, code]) => [name, sequence(status(code))]),
) as Readonly<Record<UnsignedStatus, Uint8Array>>;

/** What is known of one certificate. `not issued`: its serial number was never given out, and that is answered as revoked. */
export type CertStatus =
  | { kind: 'good' | 'unknown' | 'not issued' }
  | { kind: 'revoked'; at: Date; reason: RevocationReason };

const IMPLICIT_NULL = (n: number): Uint8Array => encode(implicit(n));

/** RFC 6960 2.2: for a certificate that was never issued, on hold since 1970. */
const NOT_ISSUED = { at: new Date(0), reason: 'certificateHold' } as const;

function certStatus(known: CertStatus): Uint8Array {
  if (known.kind === 'good') return IMPLICIT_NULL(0);
  if (known.kind === 'unknown') return IMPLICIT_NULL(2);
  return revokedInfo(known.kind === 'revoked' ? known : NOT_ISSUED);
}

/** `unspecified` is expressed by no reason, as in a list (RFC 5280 5.3.1). */
const revokedInfo = ({ at, reason }: { at: Date; reason: RevocationReason }): Uint8Array =>
  encode(
    explicit(1),
    generalizedTime(at),
    ...(reason === 'unspecified' ? [] : [encode(explicit(0), status(REVOCATION_REASONS[reason]))]),
  );

/** One certificate in an answer. `certId` is DER. */
export type SingleResponse = { certId: Uint8Array; status: CertStatus; thisUpdate: Date; nextUpdate: Date };

const singleResponse = (single: SingleResponse): Uint8Array =>
  sequence(
    single.certId,
    certStatus(single.status),
    generalizedTime(single.thisUpdate),
    encode(explicit(0), generalizedTime(single.nextUpdate)),
  );

/** Signs for a CA: its certificate, DER, which the CA issued for this alone, and its key. */
export type OcspSigner = { certificate: Uint8Array; key: KeyProvider };

/** What a signed response contains. */
export type ResponsePlan = { producedAt: Date; responses: readonly SingleResponse[]; nonce?: Uint8Array | undefined };

const BASIC = oid(OID.ocspBasic);
const SUCCESSFUL = status(0);
/** Present when "revoked" can mean "never issued" (4.4.8). */
const EXTENDED_REVOKE = writeExtension({ oid: OID.ocspExtendedRevoke, critical: false, value: nullValue });

/** Signs responses, with what is the same in all of them encoded once. A promise where the key signs later. */
export function responseWriter({
  certificate,
  key,
}: OcspSigner): (plan: ResponsePlan) => Uint8Array | Promise<Uint8Array> {
  const digest = digestFor(key.kind);
  const algorithm = signatureIdentifier(key.kind, digest);
  const responderId = encode(explicit(2), octetString(keyIdentifier(readCertificate(certificate).spki)));
  const certificates = encode(explicit(0), sequence(certificate));
  const whole = (data: Uint8Array, signature: Uint8Array): Uint8Array =>
    successful(sequence(data, algorithm, bitString(signature), certificates));
  return (plan) => {
    const data = responseData(plan, responderId);
    const signature = key.sign({ data, digest, scheme: 'pkcs1' });
    return signature instanceof Promise ? signature.then((each) => whole(data, each)) : whole(data, signature);
  };
}

const successful = (basic: Uint8Array): Uint8Array =>
  sequence(SUCCESSFUL, encode(explicit(0), sequence(BASIC, octetString(basic))));

function responseData({ producedAt, responses, nonce }: ResponsePlan, responderId: Uint8Array): Uint8Array {
  const extensions = [
    ...(nonce ? [writeExtension({ oid: OID.ocspNonce, critical: false, value: octetString(nonce) })] : []),
    ...(responses.some((each) => each.status.kind === 'not issued') ? [EXTENDED_REVOKE] : []),
  ];
  return sequence(
    responderId,
    generalizedTime(producedAt),
    sequence(...responses.map(singleResponse)),
    ...(extensions.length > 0 ? [encode(explicit(1), sequence(...extensions))] : []),
  );
}

/** The entity tag of a response, as RFC 5019 6.2 suggests: a hash of it. */
export const entityTag = (response: Uint8Array): string => `"${hash('sha256', response, 'hex').slice(0, 32)}"`;
