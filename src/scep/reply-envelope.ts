/** The pkcsPKIEnvelope of a SUCCESS (RFC 8894 3.3.2.1): to the key of the signer, or to the challenge (RFC 8894 3.1). */
import { catchDerError } from '../asn1/limits.ts';
import { cipherByName } from '../cms/algorithms.ts';
import { writeEnvelopedData } from '../cms/enveloped-data.ts';
import { transportCapacity } from '../cms/key-transport.ts';
import { writePasswordEnvelope } from '../cms/password-envelope.ts';
import { writeDegenerate } from '../cms/signed-data.ts';
import type { KeyTransport } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import { certificateExtensions } from '../pkix/certificate.ts';
import { findExtension, readKeyUsage } from '../pkix/extensions.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import { OID } from '../pkix/oids.ts';
import type { Reply, ReplyTo } from './message.ts';

type Success = Reply & { status: 'success' };

/** `nullWrap`: see `keyWrapAlgorithm`. */
export function replyEnvelope(reply: Success, random: RandomBytes, nullWrap = false): Uint8Array | Promise<Uint8Array> {
  const { replyTo, password } = reply;
  const { signerCertificate: certificate, signerKey: key, transport } = replyTo;
  const cipher = cipherByName(replyTo.cipher)!;
  const plan = { content: contentOf(reply), cipher, random };
  if (password !== undefined && onlySigns(replyTo)) return writePasswordEnvelope({ ...plan, password });
  return writeEnvelopedData({
    ...plan,
    recipient: { certificate, key },
    transport: replyTransport(transport, transportCapacity(key.kind, transport) >= cipher.keyBytes),
    nullWrap,
  });
}

/**
 * Whether the key of the signer is ML-DSA, or its certificate forbids key agreement with its EC key. One without keyUsage, or with extensions
 * that cannot be read, forbids nothing (RFC 5280 4.2.1.3). RSA keys get key transport whatever it says, as clients expect.
 */
const onlySigns = ({ signerCertificate, signerKey }: ReplyTo): boolean =>
  isMlDsa(signerKey.kind.type) || (signerKey.kind.type === 'ec' && forbidsAgreement(signerCertificate));

const forbidsAgreement = (signerCertificate: ReplyTo['signerCertificate']): boolean =>
  catchDerError(
    () => {
      const usage = findExtension(certificateExtensions(signerCertificate), OID.keyUsage);
      return usage !== undefined && !readKeyUsage(usage.value).includes('keyAgreement');
    },
    () => false,
  );

/** By the array that holds the CRL: it is the same for every client until the next list is made. */
const CRL_CONTENTS = new WeakMap<Uint8Array, Uint8Array>();

function contentOf({ certificates, crls = [] }: Success): Uint8Array {
  const [crl] = crls;
  if (!crl || crls.length > 1 || certificates.length > 0) return writeDegenerate(certificates, crls);
  const content = CRL_CONTENTS.get(crl) ?? writeDegenerate([], [crl]);
  CRL_CONTENTS.set(crl, content);
  return content;
}

/**
 * The same as in the request: PKCS#1 for PKCS#1, OAEP for OAEP. Node writes OAEP with one hash only, and the key of the
 * signer may be too short for the hash of the request. Then it is SHA-1, which all clients can read.
 */
const replyTransport = (transport: KeyTransport, fits: boolean): KeyTransport =>
  transport.scheme === 'oaep' && (!fits || transport.hash !== transport.mgf1Hash)
    ? { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' }
    : transport;
