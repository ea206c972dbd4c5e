/** One key of a person: what became of it, its certificate, and who can open what is in escrow. */
import { USER_KEY_ACTIONS } from '../../actions/user-key-actions.ts';
import type { UserKeyRow } from '../../actions/user-key-view.ts';
import { certificateLink } from './certificates-page.ts';
import { reasonChoice } from './certificate-forms.ts';
import { field, form, kept } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { copyable, facts, moment, notice, section } from './page-parts.ts';
import type { Page, Visit } from './page-row.ts';
import { read } from './reading.ts';
import { table } from './table-part.ts';
import { USER_KEY_PAGE_TEXTS as TEXT, USER_KEYS_TEXTS } from './user-keys-texts.ts';
import { isWorking } from './user-keys-page.ts';
import { userKeyBadge, userKeyTable } from './user-keys-table.ts';

const [, READ] = USER_KEY_ACTIONS;

/** `/admin/user-key`, with `id`. */
export const USER_KEY_PAGE: Page = {
  path: '/admin/user-key',
  title: TEXT.title,
  permission: READ.permission,
  async render(visit) {
    const id = visit.query.get('id');
    if (!id) return html`<p>${TEXT.choose} <a href="/admin/user-keys">${TEXT.list}</a></p>`;
    const { key, escrow, others } = await read(READ, visit, { id });
    return html`${section(TEXT.facts, [
      key.fault !== undefined && notice('attention', html`<p>${key.fault}</p>`),
      factsOf(key, visit),
    ])}
${isWorking(visit) && isRenewable(key, others) && section(TEXT.renewTitle, renewForm(visit, key))}
${isWorking(visit) && REVOCABLE.includes(key.state) && section(TEXT.revokeTitle, revokeForm(visit, key))}
${section(TEXT.escrow, escrowPart(escrow))}
${section(TEXT.others, userKeyTable(TEXT.others, others, { ...visit, empty: TEXT.noOthers }))}`;
  },
};

/** As the action decides it. */
const isRenewable = ({ state, origin, revokedAt, starts = '' }: UserKeyRow, others: readonly UserKeyRow[]): boolean =>
  state === 'imported' &&
  origin === 'made' &&
  revokedAt === undefined &&
  !others.some((each) => each.state === 'imported' && (each.starts ?? '') > starts);

/** One that is being imported is revoked after that. */
const REVOCABLE: readonly string[] = ['wanted', 'imported', 'failed'];

const revokeForm = (visit: Visit, { id }: UserKeyRow): Html =>
  html`<p>${TEXT.revokeAbout}</p>${form(visit, {
    to: '/admin/user-key/revoke',
    button: TEXT.revoke,
    danger: true,
    confirm: TEXT.revokeAsk,
    body: [kept('id', id), reasonChoice(), field({ name: 'why', label: TEXT.why, maxlength: 500 })],
  })}`;

const renewForm = (visit: Visit, { id }: UserKeyRow): Html =>
  html`<p>${TEXT.renewAbout}</p>${form(visit, { to: '/admin/user-key/renew', button: TEXT.renew, body: kept('id', id) })}`;

function factsOf(key: UserKeyRow, { now }: Visit): Html {
  const { state, issuerId, serial, renews, changedAt } = key;
  const time = (at: string | undefined) => at !== undefined && moment(new Date(at), now);
  return facts([
    [USER_KEYS_TEXTS.state, html`${userKeyBadge(key)} ${USER_KEYS_TEXTS.states[state].means}`],
    [USER_KEYS_TEXTS.user, key.user],
    [TEXT.userId, key.userId !== undefined && copyable(key.userId)],
    [USER_KEYS_TEXTS.tenant, key.tenant],
    [USER_KEYS_TEXTS.purpose, USER_KEYS_TEXTS.purposes[key.purpose]],
    [TEXT.origin, TEXT.origins[key.origin]],
    [TEXT.wanted, moment(new Date(key.wantedAt), now)],
    [TEXT.next, time(key.nextAt)],
    [TEXT.tries, key.tries > 0 && String(key.tries)],
    [state in TEXT.changed ? TEXT.changed[state as keyof typeof TEXT.changed] : '', time(changedAt)],
    [
      TEXT.certificate,
      issuerId !== undefined &&
        serial !== undefined &&
        html`<a href="${certificateLink({ issuerId, serial })}">${serial}</a>`,
    ],
    [TEXT.thumbprint, key.thumbprint !== undefined && copyable(key.thumbprint)],
    [TEXT.starts, time(key.starts)],
    [TEXT.until, time(key.ends)],
    [TEXT.revoked, time(key.revokedAt)],
    [TEXT.renews, renews !== undefined && html`<a href="${link('/admin/user-key', { id: renews })}">${renews}</a>`],
    [TEXT.id, copyable(key.id)],
  ]);
}

type Escrow = Awaited<ReturnType<typeof READ.run>>['escrow'];

function escrowPart(escrow: Escrow): Html {
  if (!escrow) return html`<p class="empty">${TEXT.noEscrow}</p>`;
  const columns = [
    { head: TEXT.officer, cell: ({ name }: { name: string }) => name },
    { head: TEXT.officerKey, cell: ({ sha256 }: { sha256: string }) => copyable(sha256) },
  ];
  return html`<p>${TEXT.together(escrow.required)}</p>
${table(TEXT.escrow, { columns, rows: escrow.officers })}`;
}
