/** What takes certificates back: revocation, a hold and its end, the block list; one by one, or all that a filter finds. */
import { z } from 'zod';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import type { StoredCertificate } from '../core/records.ts';
import { blockCertificate } from '../manage/block-list.ts';
import { releaseCertificate, revokeCertificate } from '../manage/certificates.ts';
import { withRenewalsOf } from '../manage/named-certificates.ts';
import { type RevocationSet, revocationSet } from '../manage/revocation-set.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { NAMED } from './certificate-actions.ts';
import { FILTER, isFiltered, queryOf, type SentFilter } from './certificate-filter.ts';
import { certificateRow, isOnHold, rowOf } from './certificate-view.ts';
import { asksSecond } from './lone-revocations.ts';
import { assertEverywhere, seenCertificate } from './seen-certificates.ts';
import { byCaller, revokeAndTell, tellRevoked, withinReach } from './told-revocations.ts';

const [FIRST, ...OTHERS] = Object.keys(REVOCATION_REASONS) as RevocationReason[];
/** The reasons of a revocation list. */
export const REASONS = [FIRST ?? 'unspecified', ...OTHERS] as const;
/** Those that cannot be taken back. */
export const FINAL = z.enum(REASONS.filter((reason) => reason !== 'certificateHold'));
/** What an operator says about a revocation. */
export const WHY = z.string().trim().max(500).optional();

/** Certificates of a filter that can be revoked at once. More are revoked by the command line, with `--all-of`. */
export const MOST_AT_ONCE = 20_000;
const PREVIEWED = 20;

const done = z.object({ certificate: certificateRow });

/** Actions that change certificates, and the preview of one. */
export const REVOCATION_ACTIONS = [
  action({
    name: 'certificates.revoke',
    about:
      'Revokes one certificate for good. `block` also blocks its key, its serial number and its devices; `withRenewals` also revokes what renews it.',
    permission: 'operate',
    route: 'POST /certificates/{issuer}/{serial}/revoke',
    input: z.object({
      ...NAMED,
      reason: FINAL.default('unspecified'),
      why: WHY,
      block: z.boolean().default(false),
      withRenewals: z.boolean().default(false),
    }),
    output: z.object({ certificate: certificateRow, revoked: z.number().int(), validRenewals: z.number().int() }),
    needsTwo: async (running) => {
      const certificate = await seenCertificate(running, running.input);
      const all = running.input.withRenewals
        ? await withRenewalsOf(withinReach(running), [certificate])
        : [certificate];
      return asksTwo(running, all.filter(({ state }) => state !== 'revoked').length);
    },
    run: async (running) => {
      const { reason, why, block, withRenewals } = running.input;
      if (block) assertEverywhere(running.reach, 'the block list');
      const certificate = await seenCertificate(running, running.input);
      if (certificate.state === 'revoked' && !isOnHold(certificate)) throw changed('it is revoked already');
      const result = await revokeAndTell(running, [certificate], {
        reason,
        withRenewals,
        ...(why && { why }),
        ...(block && { first: async (each) => void (await blockCertificate(byCaller(running), each)) }),
      });
      const { certificate: now } = await again(running, certificate);
      return { certificate: now, revoked: result.revoked.length, validRenewals: result.renewals.length };
    },
  }),
  action({
    name: 'certificates.hold',
    about: 'Puts one certificate on hold: it is revoked until it is released.',
    permission: 'operate',
    route: 'POST /certificates/{issuer}/{serial}/hold',
    input: z.object({ ...NAMED, why: WHY }),
    output: done,
    needsTwo: (running) => asksTwo(running, 1),
    run: async (running) => {
      const certificate = await seenCertificate(running, running.input);
      const isNew = await revokeCertificate(
        byCaller(running),
        certificate,
        'certificateHold',
        running.input.why || undefined,
      );
      if (!isNew) throw changed('only a certificate that was delivered and is not revoked can be put on hold');
      tellRevoked(running, { number: 1, reason: 'certificateHold' });
      return again(running, certificate);
    },
  }),
  action({
    name: 'certificates.release',
    about: 'Ends the hold of one certificate: it is valid again.',
    permission: 'operate',
    route: 'POST /certificates/{issuer}/{serial}/release',
    input: z.object(NAMED),
    output: done,
    run: async (running) => {
      const certificate = await seenCertificate(running, running.input);
      if (await releaseCertificate(byCaller(running), certificate)) return again(running, certificate);
      throw changed('it is not on hold');
    },
  }),
  action({
    name: 'certificates.block',
    about:
      'Blocks the key, the serial number and the device ids of one certificate, or its subject where it names no device.',
    permission: 'operate',
    route: 'POST /certificates/{issuer}/{serial}/block',
    input: z.object(NAMED),
    output: z.object({ added: z.array(z.string()) }),
    run: async (running) => {
      assertEverywhere(running.reach, 'the block list');
      return { added: await blockCertificate(byCaller(running), await seenCertificate(running, running.input)) };
    },
  }),
  action({
    name: 'certificates.previewRevocation',
    about:
      'What a filter would revoke: how many, the first of them, and the digest that `certificates.revokeMany` asks for.',
    permission: 'operate',
    route: 'GET /revocations/preview',
    input: z.object(FILTER),
    output: z.object({ count: z.number().int(), first: z.array(certificateRow), digest: z.string() }),
    run: async (running) => {
      const { certificates, digest } = await setOf(running, running.input);
      const first = certificates.slice(0, PREVIEWED).map((each) => rowOf(each, running.desk.clock()));
      return { count: certificates.length, first, digest };
    },
  }),
  action({
    name: 'certificates.revokeMany',
    about:
      'Revokes all that a filter finds, when they are still those of the preview: `digest` is that of it, and `confirm` how many they are.',
    permission: 'operate',
    route: 'POST /revocations',
    input: z.object({
      filter: z.object(FILTER),
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      confirm: z.number().int().min(1),
      reason: FINAL.default('unspecified'),
      why: WHY,
    }),
    output: z.object({ revoked: z.number().int(), already: z.number().int(), validRenewals: z.number().int() }),
    needsTwo: (running) => asksTwo(running, running.input.confirm),
    run: async (running) => {
      const { filter, digest, confirm, reason, why } = running.input;
      const set = await setOf(running, filter);
      if (set.digest !== digest)
        throw changed('these are not the certificates of the preview any more', 'Look at a new preview.');
      if (set.certificates.length !== confirm)
        throw new ActionError(
          'invalid',
          'confirm: this is not the number of certificates',
          'Type the number that the preview shows.',
        );
      const result = await revokeAndTell(running, set.certificates, {
        reason,
        withRenewals: false,
        ...(why && { why }),
      });
      return { revoked: result.revoked.length, already: result.already.length, validRenewals: result.renewals.length };
    },
  }),
] as const;

const asksTwo = (running: Running<unknown>, number: number): Promise<boolean> => asksSecond(byCaller(running), number);

const changed = (what: string, remedy?: string) => new ActionError('conflict', what, remedy);

async function again(running: Running<unknown>, { issuerId: issuer, serial }: StoredCertificate) {
  return { certificate: rowOf(await seenCertificate(running, { issuer, serial }), running.desk.clock()) };
}

async function setOf(running: Running<unknown>, filter: SentFilter): Promise<RevocationSet> {
  if (!isFiltered(filter))
    throw new ActionError(
      'invalid',
      'the filter is empty: it means every certificate',
      'Limit it, or use `openndes certs revoke --all-of`.',
    );
  const query = await queryOf({ ...running, input: filter });
  const set = await revocationSet(running.desk.store, query, MOST_AT_ONCE);
  if (set) return set;
  throw new ActionError(
    'invalid',
    `the filter finds more than ${MOST_AT_ONCE} certificates`,
    'Narrow it, or use `openndes certs revoke`.',
  );
}
