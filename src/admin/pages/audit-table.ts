/** Entries of the history as a table. */
import type { AuditRow } from '../../actions/certificate-view.ts';
import { AUDIT_TEXTS as TEXT } from './audit-texts.ts';
import { html, type Html, link } from './html.ts';
import { moment } from './page-parts.ts';
import { type Column, table } from './table-part.ts';

/** Newest first, as they are given. */
export const auditTable = (
  caption: string,
  rows: readonly AuditRow[],
  { now, empty = TEXT.empty }: { now: Date; empty?: string },
): Html => table(caption, { columns: columnsAt(now), rows, empty });

const columnsAt = (now: Date): readonly Column<AuditRow>[] => [
  { head: TEXT.at, cell: ({ at }) => moment(new Date(at), now) },
  { head: TEXT.what, cell: ({ event }) => event },
  { head: TEXT.who, cell: ({ by, actor }) => by ?? wordsOf(TEXT.actors, actor) },
  {
    head: TEXT.where,
    cell: ({ from, source }) =>
      from === undefined ? wordsOf(TEXT.sources, source) : `${from} (${wordsOf(TEXT.sources, source)})`,
  },
  { head: TEXT.reason, cell: ({ why }) => why },
  { head: TEXT.subject, cell: subjectOf },
];

const wordsOf = (words: Readonly<Record<string, string>>, name: string): string => words[name] ?? name;

const subjectOf = ({ endpoint, issuerId, serial }: AuditRow): Html =>
  html`${endpoint}${
    issuerId !== undefined &&
    serial !== undefined &&
    html`<br><a href="${link('/admin/certificate', { issuer: issuerId, serial })}">${TEXT.certificate} <code>${serial}</code></a>`
  }`;
