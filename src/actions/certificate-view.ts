/** Certificates and entries of the history as pages and the API show them. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import type { AuditEntry, StoredCertificate } from '../core/records.ts';
import { SHOWN_STATES } from '../core/search-store.ts';
import { certificateFacts } from '../manage/certificate-facts.ts';
import { TIME } from './shown-certificate.ts';

/** One certificate in a list. `state` in words; `san`: `type:text` of each, with blanks between. */
export const certificateRow = z.object({
  issuerId: z.string(),
  serial: z.string(),
  state: z.string(),
  subject: z.string(),
  san: z.string().optional(),
  issuer: z.string(),
  thumbprint: z.string(),
  thumbprintSha256: z.string(),
  endpoint: z.string(),
  transactionId: z.string().optional(),
  reference: z.string().optional(),
  notBefore: TIME,
  notAfter: TIME,
  issuedAt: TIME,
  importedAt: TIME.optional(),
  deliveredAt: TIME.optional(),
  revokedAt: TIME.optional(),
  revocationReason: z.string().optional(),
  renews: z.string().optional(),
});

/** One row. */
export type CertificateRow = z.output<typeof certificateRow>;

/** As the command line prints it. */
export const rowOf = (certificate: StoredCertificate, now: Date): CertificateRow =>
  ({ issuerId: certificate.issuerId, ...certificateFacts(certificate, now) }) as CertificateRow;

/** `more`: there are more; counting ended. */
const count = z.object({ number: z.number().int(), more: z.boolean() });

/** How many there are of each state. */
export const stateCounts = z.object(
  Object.fromEntries(SHOWN_STATES.map((state) => [state, count])) as Record<
    (typeof SHOWN_STATES)[number],
    typeof count
  >,
);

/** One entry. `by`: who; `from`: the address; `why`: what it says itself. */
export const auditRow = z.object({
  id: z.number().int().optional(),
  at: TIME,
  event: z.string(),
  endpoint: z.string().optional(),
  transactionId: z.string().optional(),
  issuerId: z.string().optional(),
  serial: z.string().optional(),
  actor: z.string(),
  by: z.string().optional(),
  from: z.string().optional(),
  source: z.string(),
  why: z.string().optional(),
  challenge: z.string().optional(),
});

/** One row of the history. */
export type AuditRow = z.output<typeof auditRow>;

/** An entry as a row. */
export const auditRowOf = ({ id, at, event, actor, source, ...rest }: AuditEntry & { id?: number }): AuditRow => ({
  at: at.toISOString(),
  event,
  actor: actor.kind,
  source,
  ...defined({
    id,
    endpoint: rest.endpoint || undefined,
    transactionId: rest.transactionId || undefined,
    issuerId: rest.issuerId,
    serial: rest.serial,
    by: actor.name,
    from: actor.address,
    why: rest.detail,
    challenge: rest.challenge?.id,
  }),
});

/** Whether a list shows it as revoked for a time only. */
export const isOnHold = ({ state, revocationReason }: StoredCertificate): boolean =>
  state === 'revoked' && revocationReason === 'certificateHold';
