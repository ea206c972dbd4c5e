/** The JSON messages of the webhook (docs/webhook.md). Fields that step-ca's webhooks have too are named as there. */
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import type { Notification } from '../core/notification.ts';
import { findExtension, readExtendedKeyUsage, readGeneralNames, readKeyUsage } from '../pkix/extensions.ts';
import { OID, purposeName } from '../pkix/oids.ts';

const VERSION = 1;

/** The JSON body that asks for a decision. Throws DerError when an extension that it includes cannot be parsed. */
export const requestBody = (request: EnrollmentRequest, now: Date): string => {
  const { csr, endpoint, transactionId, renews } = request;
  return JSON.stringify({
    version: VERSION,
    event: 'request',
    timestamp: now.toISOString(),
    endpoint,
    scepTransactionID: transactionId,
    ...(csr.challenge !== undefined && { scepChallenge: csr.challenge }),
    subject: csr.subjectText,
    subjectAltName: extension(csr, OID.subjectAltName, readGeneralNames).map(({ type, text }) => ({ type, text })),
    keyUsage: extension(csr, OID.keyUsage, readKeyUsage),
    extendedKeyUsage: extension(csr, OID.extendedKeyUsage, readExtendedKeyUsage).map(purposeName),
    key: { type: csr.key.type, bits: csr.key.bits },
    x509CertificateRequest: {
      raw: base64(csr.der),
      publicKey: base64(csr.spki),
      publicKeyAlgorithm: ALGORITHMS[csr.key.type],
    },
    ...(renews && { renews: { serial: renews.serial, certificate: base64(renews.certificate) } }),
  });
};

/** The JSON body of a notification: a certificate was issued, or the request failed. */
export const notificationBody = (notification: Notification, now: Date): string =>
  JSON.stringify({
    version: VERSION,
    event: notification.kind === 'success' ? 'issued' : 'failed',
    timestamp: now.toISOString(),
    endpoint: notification.endpoint,
    scepTransactionID: notification.transactionId,
    x509CertificateRequest: { raw: base64(notification.csr) },
    ...(notification.kind === 'success'
      ? { certificate: certificateFacts(notification) }
      : { scepErrorCode: notification.hresult, scepErrorDescription: notification.description }),
  });

const certificateFacts = ({ serial, thumbprint, issuer, notAfter }: Notification & { kind: 'success' }) => ({
  serial,
  thumbprint,
  issuer,
  notAfter: notAfter.toISOString(),
});

/** Named as in Go's crypto/x509, and so in step-ca. */
const ALGORITHMS: Readonly<Record<KeyKind['type'], string>> = {
  rsa: 'RSA',
  ec: 'ECDSA',
  ed25519: 'Ed25519',
  'ml-dsa-44': 'ML-DSA-44',
  'ml-dsa-65': 'ML-DSA-65',
  'ml-dsa-87': 'ML-DSA-87',
  'ml-kem-512': 'ML-KEM-512',
  'ml-kem-768': 'ML-KEM-768',
  'ml-kem-1024': 'ML-KEM-1024',
};

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

function extension<T>({ extensions }: CertificationRequest, oid: string, read: (value: Uint8Array) => T[]): T[] {
  const found = findExtension(extensions, oid);
  return found ? read(found.value) : [];
}

const VERDICTS = ['allow', 'deny', 'pend'] as const;
/** The answer of the service. `reason` is its own text, not redacted; empty when it gave none. */
export type WebhookVerdict = { verdict: (typeof VERDICTS)[number]; reason: string };

/**
 * Reads `{ "decision": "allow" | "deny" | "pend", "reason": … }`, or step-ca's `{ "allow": true | false }`. Undefined
 * for everything else, and for an answer with both that contradict each other.
 */
export function readVerdict(text: string): WebhookVerdict | undefined {
  const answer = parsed(text);
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { decision, allow, reason } = answer as Record<string, unknown>;
  if (allow !== undefined && typeof allow !== 'boolean') return undefined;
  const verdict = decision === undefined ? verdictOf(allow) : VERDICTS.find((each) => each === decision);
  if (verdict === undefined || (allow !== undefined && allow !== (verdict === 'allow'))) return undefined;
  return { verdict, reason: typeof reason === 'string' ? reason : '' };
}

const verdictOf = (allow: boolean | undefined): WebhookVerdict['verdict'] | undefined =>
  allow === undefined ? undefined : allow ? 'allow' : 'deny';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
