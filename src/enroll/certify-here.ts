/** A certificate for a key that was made by this server: the same steps as for a device, without a message. */
import { hash } from 'node:crypto';
import type { Policy } from '../core/policy.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificationRequest } from '../core/request.ts';
import { readCertificate } from '../pkix/certificate.ts';
import type { MessageCodec } from '../scep/codec.ts';
import type { Endpoint, EnrollmentServices } from './endpoint.ts';
import { keyHash, orderKey, requestKeyOf, transactionKey } from './identify.ts';
import { enroll } from './line.ts';
import type { Outcome } from './outcome.ts';

/** Where it is recorded, and which CA issues. `name`: what stands in the records in the place of an endpoint. */
export type HomePlace = Pick<Endpoint, 'name' | 'issuer' | 'chain' | 'revoker'>;

/** What was asked for: a request that is signed with its own key, and the transactionID under which it is recorded. */
export type HomeRequest = { csr: CertificationRequest; transactionId: string; signal: AbortSignal };

/** No certificate was made. `retryable`: the same can succeed later. */
export class NotCertified extends Error {
  override readonly name = 'NotCertified';
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, { cause });
    this.retryable = retryable;
  }
}

/**
 * Has the certificate made, checked and recorded; nobody is notified. Throws NotCertified, also for a CA that lets requests wait: the key would have to
 * wait with it, and it is in memory only. Throws what the store throws.
 */
export async function certifyHere(
  { csr, transactionId, signal }: HomeRequest,
  place: HomePlace,
  services: EnrollmentServices,
): Promise<StoredCertificate> {
  const endpoint: Endpoint = { ...place, path: '', retention: 0, policy: ALLOWING, codec: NO_CODEC };
  const { name } = place;
  const request = requestKeyOf(name, csr.der);
  const signer = keyHash(csr.spki);
  const key = transactionKey(name, transactionId, signer, [hash('sha256', csr.der, 'hex')]);
  const outcome = await enroll({
    endpoint,
    services,
    request: { endpoint: name, transactionId, csr, signerSpki: csr.spki, requestKey: orderKey(request) },
    transaction: { key, request, nonces: [], endpoint: name, transactionId, signer, subject: csr.subjectText },
    signerCertificate: readCertificate(place.chain[0] ?? new Uint8Array()),
    signal,
  });
  if (outcome.kind === 'issued') return outcome.certificate;
  if (outcome.kind === 'pending') await services.store.withdrawPending(key);
  throw notCertified(outcome);
}

function notCertified(outcome: Exclude<Outcome, { kind: 'issued' }>): NotCertified {
  if (outcome.kind === 'refused') return new NotCertified(`the CA refused: ${outcome.detail}`, false, outcome.cause);
  if (outcome.kind === 'pending') return new NotCertified(`the CA did not issue at once (${outcome.reason})`, true);
  throw new TypeError('a request for a certificate is answered with one');
}

/** Who may have a key is decided before it is made. The names come from the directory. */
const ALLOWING: Policy = {
  name: 'pfx',
  decidesRenewals: true,
  decide: () => Promise.resolve({ kind: 'allow', notify: 'none', vouchesForNames: true }),
};

const noMessage = (): never => {
  throw new TypeError('no message comes to a request that is made here');
};
const NO_CODEC: MessageCodec = { open: noMessage, seal: noMessage };
