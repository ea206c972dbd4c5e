/** What a request gets that is recorded already: the rows of core/lifecycle.ts as outcomes. */
import { lifecycleOf, type RecordedAnswer } from '../core/lifecycle.ts';
import type { StoredCertificate, StoredTransaction } from '../core/records.ts';
import type { EndpointContext } from './endpoint.ts';
import type { Outcome } from './outcome.ts';

const REJECTED = { kind: 'refused', code: 'rejected' } as const;

const OUTCOMES: Readonly<Record<Exclude<RecordedAnswer, 'certificate'>, Outcome>> = {
  approval: { kind: 'pending', reason: 'approval' },
  // The notification is not acknowledged yet; another process or the recovery after a crash will finish it.
  notification: { kind: 'pending', reason: 'notification' },
  rejected: { ...REJECTED, detail: 'rejected by an administrator' },
  revoked: { ...REJECTED, detail: 'the certificate is revoked' },
  expired: {
    kind: 'refused',
    code: 'policy_unreachable',
    detail: 'the challenge has expired while the request waited',
  },
};

/** What an identical request got before, if that is still valid; undefined: it is decided like a new request. */
export function earlierOutcome(earlier: StoredTransaction, context: EndpointContext): Outcome | undefined {
  const { repeat } = lifecycleOf(earlier);
  if (repeat === 'decide') return undefined;
  if (repeat !== 'certificate') return OUTCOMES[repeat];
  const certificate = earlier.certificate!;
  return isRepeatable(certificate, context) ? { kind: 'issued', certificate, repeat: true } : undefined;
}

/** Within the retention of the endpoint and the validity of the certificate. NDES's CacheRequest. */
function isRepeatable({ issuedAt, notAfter }: StoredCertificate, { endpoint, services }: EndpointContext): boolean {
  const now = services.clock().getTime();
  return now - issuedAt.getTime() < endpoint.retention && now < notAfter.getTime();
}

/** What a poll gets for a request that is erased: nothing about it can change any more. */
export function finalOutcome(transaction: StoredTransaction): Outcome {
  const { poll } = lifecycleOf(transaction);
  if (poll !== 'certificate') return OUTCOMES[poll];
  return { kind: 'issued', certificate: transaction.certificate!, repeat: true };
}
