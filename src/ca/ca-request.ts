/** The request of a new issuing CA for its certificate, PKCS#10: written beside its key, read by the CA above it. */
import { catchDerError } from '../asn1/limits.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyKind, KeyProvider } from '../core/keys.ts';
import { provesPossession, readCertificationRequest, unprovenText, writeCertificationRequest } from '../pkix/csr.ts';
import { basicConstraints, keyUsage, subjectKeyIdentifier } from '../pkix/extensions.ts';
import { isEmptyName, nameFromText } from '../pkix/name.ts';
import { importKey, keyWeakness } from '../pkix/public-key.ts';

/** A request that was read. `subject`: a Name, DER; `text`: the same as RFC 4514. */
export type CaRequest = { subject: Uint8Array; text: string; key: { spki: Uint8Array; kind: KeyKind } };

/**
 * A request, DER, that asks for what an issuing CA has: path length 0, keyCertSign and cRLSign. CAs that copy extensions
 * need it; others have a template. Throws ConfigError for a subject that is no RFC 4514 name, and what the key throws.
 */
export function writeCaRequest(subject: string, key: KeyProvider): Promise<Uint8Array> {
  const extensions = [basicConstraints(true, 0), keyUsage(['keyCertSign', 'cRLSign']), subjectKeyIdentifier(key.spki)];
  return writeCertificationRequest({ subject: caName(subject), extensions }, key);
}

/** A request, DER, for the RA of a CA elsewhere: what clients need to encrypt to it and to verify its replies. Throws as `writeCaRequest`. */
export function writeRaRequest(subject: string, key: KeyProvider): Promise<Uint8Array> {
  const extensions = [keyUsage(['digitalSignature', 'keyEncipherment']), subjectKeyIdentifier(key.spki)];
  return writeCertificationRequest({ subject: caName(subject), extensions }, key);
}

/** The name of a CA, DER, from RFC 4514. Throws ConfigError, also for an empty one: RFC 5280 4.1.2.6. */
export function caName(subject: string): Uint8Array {
  const name = catchDerError(
    () => nameFromText(subject),
    ({ message }) => {
      throw new ConfigError(`--subject: ${message}`, SUBJECT);
    },
  );
  if (isEmptyName(name)) throw new ConfigError('--subject: a CA needs a name', SUBJECT);
  return name;
}

const SUBJECT = 'Write it like --subject "CN=Example Issuing CA,O=Example".';

/** RSA keys of a CA below this are refused: NIST SP 800-57 has none since 2014, and Apple none since iOS 13. */
const LEAST_RSA = 2048;

/** Reads a request, DER. Throws ConfigError when it is malformed, is not signed with its own key, or has a weak key. */
export function readCaRequest(der: Uint8Array, where: string): CaRequest {
  const read = catchDerError(
    () => {
      const request = readCertificationRequest(der);
      return { request, proven: provesPossession(request, importKey(request.publicKey)) };
    },
    (cause) => {
      throw new ConfigError(`${where}: not a certification request: ${cause.message}`, 'Give PKCS#10, PEM or DER.', {
        cause,
      });
    },
  );
  const { subject, subjectText: text, spki, key: kind } = read.request;
  if (!read.proven) throw new ConfigError(`${where}: ${unprovenText(read.request)}`, 'Make the request anew.');
  if (isEmptyName(subject)) throw new ConfigError(`${where}: a CA needs a name, and this request has none`, SUBJECT);
  const weakness = kind.type === 'rsa' && kind.bits < LEAST_RSA ? `RSA key of ${kind.bits} bits` : keyWeakness(spki);
  if (weakness !== undefined)
    throw new ConfigError(`${where}: ${weakness}: too weak for a CA`, 'Make a new key: openndes ca csr.');
  return { subject, text, key: { spki, kind } };
}
