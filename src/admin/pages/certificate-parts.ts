/** Certificates on pages: tables of them, and how they stand. */
import type { ShownCertificate } from '../../actions/shown-certificate.ts';
import { CERTIFICATE_TEXTS as TEXT } from './certificate-texts.ts';
import { type Html, html } from './html.ts';
import type { Visit } from './page-row.ts';
import { badge, copyable, type Look, moment } from './page-parts.ts';
import { type Column, table } from './table-part.ts';

const LOOKS: Readonly<Record<ShownCertificate['standing'], Look>> = {
  valid: 'good',
  ends: 'attention',
  ended: 'bad',
  'not yet valid': 'bad',
};

/** How something with an end stands. */
export const standingBadge = (standing: ShownCertificate['standing']): Html =>
  badge(LOOKS[standing], TEXT.standings[standing]);

/** Each with its end and both thumbprints. `caption` names the table. */
export function certificateTable(caption: string, rows: readonly ShownCertificate[], { now }: Visit): Html {
  const columns: readonly Column<ShownCertificate>[] = [
    { head: TEXT.role, cell: ({ role, subject }) => html`${role}<br><span class="muted">${subject}</span>` },
    {
      head: TEXT.ends,
      cell: ({ standing, notAfter, automatic }) =>
        html`${standingBadge(standing)} ${moment(new Date(notAfter), now)}${automatic && html`<br>${TEXT.automatic}`}`,
    },
    { head: TEXT.key, cell: ({ key, signature }) => html`${key}<br><span class="muted">${signature}</span>` },
    { head: TEXT.serial, cell: ({ serial }) => copyable(serial) },
    {
      head: TEXT.thumbprints,
      cell: ({ sha1, sha256 }) => html`SHA-1 ${copyable(sha1)}<br>SHA-256 ${copyable(sha256)}`,
    },
  ];
  return table(caption, { columns, rows });
}
