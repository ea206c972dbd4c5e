/** What Intune has, beside what this server knows. */
import { USER_KEY_CHANGES } from '../../actions/user-key-changes.ts';
import { html, type Html, link } from './html.ts';
import { copyable, facts, moment, section } from './page-parts.ts';
import type { Visit } from './page-row.ts';
import { read } from './reading.ts';
import { type Column, table } from './table-part.ts';
import { userKeyTable } from './user-keys-table.ts';
import { USER_KEYS_TEXTS as TEXT } from './user-keys-texts.ts';

const [, , RECONCILE] = USER_KEY_CHANGES;

/** The link that compares. */
export const compareForm = (): Html =>
  section(TEXT.compareTitle, [
    html`<p>${TEXT.compareAbout}</p>`,
    html`<p class="actions"><a href="${link('/admin/user-keys', { compare: 'yes' })}">${TEXT.compare}</a></p>`,
  ]);

/** What differs now. */
export async function comparison(visit: Visit): Promise<Html> {
  const { same, onlyIntune, onlyStore } = await read(RECONCILE, visit, {});
  const { number, first } = onlyIntune;
  return section(TEXT.compareTitle, [
    facts([
      [TEXT.same, String(same)],
      [TEXT.onlyIntune, String(number)],
      [TEXT.onlyStore, String(onlyStore.number)],
    ]),
    (number > first.length || onlyStore.number > onlyStore.first.length) &&
      html`<p>${TEXT.someNamed(Math.max(first.length, onlyStore.first.length))}</p>`,
    table(TEXT.ofIntune, { columns: listedAt(visit.now), rows: first, empty: TEXT.noneOfIntune }),
    userKeyTable(TEXT.ofStore, onlyStore.first, { ...visit, empty: TEXT.noneOfStore }),
  ]);
}

type Listed = Awaited<ReturnType<typeof RECONCILE.run>>['onlyIntune']['first'][number];

const listedAt = (now: Date): readonly Column<Listed>[] => [
  { head: TEXT.user, cell: ({ user }) => user },
  { head: TEXT.purpose, cell: ({ purpose }) => purpose },
  { head: TEXT.ends, cell: ({ ends }) => moment(new Date(ends), now) },
  { head: TEXT.imported, cell: ({ importedAt }) => moment(new Date(importedAt), now) },
  { head: TEXT.id, cell: ({ id }) => copyable(id) },
];
