/** Keys of people: a search, and the list. */
import { USER_KEY_ACTIONS } from '../../actions/user-key-actions.ts';
import { MADE_PURPOSES, USER_KEY_CHANGES } from '../../actions/user-key-changes.ts';
import { PFX_PURPOSES } from '../../core/imported-pfx.ts';
import { USER_KEY_STATES } from '../../core/user-key-store.ts';
import { choice, field, form, searchForm } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { section } from './page-parts.ts';
import type { Page, Visit } from './page-row.ts';
import { may, read } from './reading.ts';
import { pager } from './table-part.ts';
import { compareForm, comparison } from './user-keys-comparison.ts';
import { userKeyTable } from './user-keys-table.ts';
import { USER_KEYS_TEXTS as TEXT } from './user-keys-texts.ts';

const [LIST] = USER_KEY_ACTIONS;
const [ISSUE] = USER_KEY_CHANGES;
const PATH = '/admin/user-keys';
const ROWS = 50;

/** `/admin/user-keys`. With `compare`, what Intune has is compared. */
export const USER_KEYS_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: LIST.permission,
  isOffered: ({ userKeys }) => userKeys?.isConfigured ?? false,
  async render(visit) {
    const asked = askedIn(visit.query);
    const cursor = visit.query.get('cursor') || undefined;
    const { keys, next } = await read(LIST, visit, { ...asked, limit: ROWS, cursor });
    const to = (more: Record<string, string>): string => link(PATH, { ...asked, ...more });
    return html`<p>${TEXT.about}</p>
${visit.query.get('compare') === 'yes' && (await comparison(visit))}
${searchFor(asked)}
${section(TEXT.caption, userKeyTable(TEXT.caption, keys, { ...visit, empty: TEXT.empty }))}
${pager({ first: cursor && to({}), next: next && to({ cursor: next }) })}
${isWorking(visit) && [issueForm(visit), compareForm()]}`;
  },
};

type Asked = Pick<Parameters<typeof LIST.run>[0]['input'], 'user' | 'state' | 'purpose' | 'endsBefore'>;

function askedIn(query: URLSearchParams): Asked {
  const text = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  return {
    user: text('user'),
    state: USER_KEY_STATES.find((each) => each === text('state')),
    purpose: PFX_PURPOSES.find((each) => each === text('purpose')),
    endsBefore: text('endsBefore'),
  };
}

const searchFor = ({ user = '', state, purpose, endsBefore = '' }: Asked): Html =>
  searchForm(PATH, {
    button: TEXT.search,
    body: [
      field({ name: 'user', label: TEXT.user, hint: TEXT.userHint, kind: 'search', value: user, maxlength: 300 }),
      choice({ name: 'state', label: TEXT.state, value: state ?? '' }, [
        ['', TEXT.any],
        ...USER_KEY_STATES.map((each) => [each, TEXT.states[each].words] as const),
      ]),
      choice({ name: 'purpose', label: TEXT.purpose, value: purpose ?? '' }, [
        ['', TEXT.any],
        ...PFX_PURPOSES.map((each) => [each, TEXT.purposes[each]] as const),
      ]),
      field({ name: 'endsBefore', label: TEXT.endsBefore, kind: 'date', value: endsBefore }),
    ],
  });

/** Whether the caller may ask this server for work on keys. */
export const isWorking = (visit: Visit): boolean => visit.desk.userKeys?.work !== undefined && may(visit, ISSUE);

const issueForm = (visit: Visit): Html =>
  section(TEXT.issueTitle, [
    html`<p>${TEXT.issueAbout}</p>`,
    form(visit, {
      to: '/admin/user-keys/issue',
      button: TEXT.issue,
      body: [
        field({
          name: 'user',
          of: '-issue',
          label: TEXT.user,
          hint: TEXT.userNeeded,
          required: true,
          maxlength: 300,
          autocomplete: 'off',
        }),
        choice(
          { name: 'purpose', of: '-issue', label: TEXT.purpose },
          MADE_PURPOSES.map((each) => [each, TEXT.purposes[each]]),
        ),
      ],
    }),
  ]);
