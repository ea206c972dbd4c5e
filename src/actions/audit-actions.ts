/** The history: who did what, when, from where and why; and the proof that it was not changed. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import type { AuditEntry } from '../core/records.ts';
import type { AuditQuery } from '../core/search-store.ts';
import type { Store } from '../core/store.ts';
import { csv } from '../manage/csv.ts';
import { jsonText } from '../core/printable.ts';
import { verifyHistory } from '../manage/history-verification.ts';
import { action, type Desk, type Running } from './action.ts';
import { MOMENT, PAGE } from './certificate-filter.ts';
import { type AuditRow, auditRow, auditRowOf } from './certificate-view.ts';
import { searched } from './search-answer.ts';
import { assertEverywhere, auditPlacesFor } from './seen-certificates.ts';

const TEXT = z.string().trim().min(1).max(200);

/** What can happen. */
export const EVENTS = [
  'issued',
  'imported',
  'delivered',
  'never-delivered',
  'revoked',
  'released',
  'pending',
  'approved',
  'rejected',
  'notified',
  'notification-abandoned',
  'discarded',
  'blocked',
  'unblocked',
  'directory-approved',
  'restored',
  'clock-accepted',
  'erased',
  'logged-in',
  'login-failed',
  'logged-out',
  'proposed',
  'confirmed',
  'withdrawn',
  'password-issued',
  'messages-retried',
  'message-tested',
  'backed-up',
  'key-wanted',
  'key-revoked',
  'key-recovered',
  'key-link-made',
  'key-fetched',
] as const satisfies readonly AuditEntry['event'][];

/** `notable`: without the steps of ordinary enrolments. `by`, `why`: text that the name of the actor, or the entry, contains. */
const AUDIT_FILTER = {
  notable: z.boolean().optional(),
  event: z.enum(EVENTS).optional(),
  actor: z.enum(['person', 'program', 'device', 'system']).optional(),
  by: TEXT.optional(),
  source: z.enum(['scep', 'cli', 'api', 'page', 'job']).optional(),
  endpoint: TEXT.optional(),
  why: TEXT.optional(),
  from: MOMENT.optional(),
  before: MOMENT.optional(),
};

type Sent = z.output<z.ZodObject<typeof AUDIT_FILTER>>;

const COLUMNS = [
  'at',
  'event',
  'by',
  'actor',
  'from',
  'source',
  'endpoint',
  'serial',
  'issuerId',
  'transactionId',
  'why',
  'challenge',
] as const satisfies readonly (keyof AuditRow)[];

const FORMS = {
  csv: {
    heading: () => `${csv([COLUMNS])}\n`,
    line: (row: AuditRow) => `${csv([COLUMNS.map((column) => row[column] ?? '')])}\n`,
  },
  json: { heading: () => '', line: (row: AuditRow) => `${jsonText(row)}\n` },
} as const;

/** Actions on the history: all of them read. */
export const AUDIT_ACTIONS = [
  action({
    name: 'audit.list',
    about: 'The history, newest first, page by page: who did what, when, from where and why.',
    permission: 'audit',
    route: 'GET /audit',
    input: z.object({ ...AUDIT_FILTER, ...PAGE }),
    output: z.object({ entries: z.array(auditRow), next: z.string().optional() }),
    run: async (running) => page(running),
  }),
  action({
    name: 'audit.export',
    about: 'The lines of a file with the history that a filter finds, page by page: CSV, or JSON lines.',
    permission: 'audit',
    route: 'GET /audit/export',
    input: z.object({ ...AUDIT_FILTER, ...PAGE, form: z.enum(['csv', 'json']) }),
    output: z.object({ text: z.string(), next: z.string().optional() }),
    run: async (running) => {
      const { heading, line } = FORMS[running.input.form];
      const { entries, ...next } = await page(running);
      const lines = entries.map(line);
      return { text: [...(running.input.cursor === undefined ? [heading()] : []), ...lines].join(''), ...next };
    },
  }),
  action({
    name: 'audit.verify',
    about:
      'Reads the whole history and its chain, and says what was changed, inserted, deleted, moved or cut off. It takes a minute for each million entries.',
    permission: 'audit',
    route: 'GET /audit/verification',
    input: z.object({}),
    output: z.object({
      whole: z.boolean(),
      faults: z.array(z.string()),
      notes: z.array(z.string()),
      links: z.number().int(),
      removed: z.number().int(),
      end: z.object({ number: z.number().int(), hash: z.string() }),
    }),
    run: async ({ desk, reach }) => {
      assertEverywhere(reach, 'the chain over the history');
      const report = await verifiedOnce(desk);
      return { whole: report.faults.length === 0, ...report };
    },
  }),
] as const;

type Verification = ReturnType<typeof verifyHistory>;

/** The verification of each store that is being read. */
const VERIFYING = new WeakMap<Store, Verification>();

/** One reading at a time: whoever asks while the history is read gets the result of that reading. */
function verifiedOnce(desk: Desk): Verification {
  const running = VERIFYING.get(desk.store);
  if (running) return running;
  const { store, auditKeys: keys = new Map() } = desk;
  const started = verifyHistory({ store: pausing(desk), exported: [], keys, unsignedUntil: 0 }).finally(() =>
    VERIFYING.delete(store),
  );
  VERIFYING.set(store, started);
  return started;
}

/** The same history; between its pages the server does its other work. */
function pausing({ store, pause }: Desk): Parameters<typeof verifyHistory>[0]['store'] {
  return {
    listHeads: () => store.listHeads(),
    unchained: (limit) => store.unchained(limit),
    async listLinks(at) {
      await pause?.();
      return store.listLinks(at);
    },
  };
}

async function page(running: Running<Sent & { limit: number; cursor?: string | undefined }>) {
  const { limit, cursor } = running.input;
  const found = await searched(
    running.desk.store.searchAudit(await queryOf(running), { limit, ...(cursor !== undefined && { cursor }) }),
  );
  return { entries: found.entries.map(auditRowOf), ...(found.next !== undefined && { next: found.next }) };
}

async function queryOf(running: Running<Sent>): Promise<AuditQuery> {
  const { notable, event, actor, by, source, endpoint, why, from, before } = running.input;
  return defined({
    notable,
    events: event && [event],
    actors: actor && [actor],
    actor: by,
    sources: source && [source],
    endpoint,
    detail: why,
    places: await auditPlacesFor(running),
    at:
      from === undefined && before === undefined
        ? undefined
        : defined({
            from: from === undefined ? undefined : new Date(from),
            before: before === undefined ? undefined : new Date(before),
          }),
  });
}
