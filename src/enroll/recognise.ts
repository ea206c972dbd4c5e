/** ScepRequest to EnrollmentRequest, and the identity by which a repeat is known. */
import { hash } from 'node:crypto';
import type { EnrollmentRequest } from '../core/contracts.ts';
import { Refusal } from '../core/errors.ts';
import type { StoredTransaction } from '../core/store.ts';
import type { ScepRequest } from '../scep/message.ts';
import type { Endpoint } from './endpoint.ts';

/** A request and the record under which it is, or will be, remembered. */
export type Recognised = {
  request: EnrollmentRequest;
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject'>;
};

/** Throws Refusal `signer_key_mismatch` where the endpoint demands one key. */
export function recognise({ header, content: { csr }, replyTo }: ScepRequest, endpoint: Endpoint): Recognised {
  const signerSpki = replyTo.signerKey.spki;
  // RFC 8894 2.3 speaks of one key; Windows and TPM-backed clients sign with a throw-away one.
  if (endpoint.requireSignerKeyMatch && Buffer.compare(csr.spki, signerSpki) !== 0)
    throw new Refusal('signer_key_mismatch', 'the message is signed with another key than the requested one');
  const signer = sha256(signerSpki);
  const { transactionId } = header;
  return {
    request: { endpoint: endpoint.path, transactionId, csr, signerSpki },
    transaction: {
      key: transactionKey([endpoint.path, transactionId, signer, sha256(csr.der)]),
      endpoint: endpoint.path,
      transactionId,
      signer,
      subject: csr.subjectText,
    },
  };
}

const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

// The parts are separated by their lengths, so that no two requests share one key by shifting octets between them.
const transactionKey = (parts: readonly string[]): string =>
  sha256(parts.map((part) => `${part.length}:${part}`).join());
