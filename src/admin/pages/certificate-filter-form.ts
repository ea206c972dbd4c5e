/** The filter of lists of certificates in a URL and in a form. */
import type { SentFilter } from '../../actions/certificate-filter.ts';
import { SHOWN_STATES, type ShownState } from '../../core/search-store.ts';
import { CERTIFICATES_TEXTS as TEXT } from './certificates-texts.ts';
import { field, kept, searchForm } from './form-parts.ts';
import { html, type Html } from './html.ts';

const TEXTS = ['q', 'subject', 'endpoint', 'authority', 'profile'] as const;
const DATES = ['expiresFrom', 'expiresBefore', 'issuedFrom', 'issuedBefore'] as const;

/** The names of its parameters. */
export const FILTER_NAMES = [...TEXTS, 'expiresWithin', ...DATES] as const;

/** By `get`, which gives what was sent under a name. What is wrong is refused by the action. */
export function filterIn(get: (name: string) => string | null): SentFilter {
  const given = FILTER_NAMES.map((name) => [name, get(name)?.trim()] as const).filter(([, value]) => value);
  const state = SHOWN_STATES.find((each) => each === get('state'));
  return {
    ...Object.fromEntries(given.map(([name, value]) => [name, name === 'expiresWithin' ? Number(value) : value])),
    ...(state && { state }),
  };
}

/** As parameters of a link. */
export const filterParameters = (filter: SentFilter): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

/** The form above the list. */
export const filterForm = (filter: SentFilter): Html => {
  const value = (name: keyof SentFilter): string => String(filter[name] ?? '');
  const text = (name: 'endpoint' | 'authority' | 'profile') => field({ name, label: TEXT[name], value: value(name) });
  return searchForm('/admin/certificates', {
    button: TEXT.search,
    body: [
      field({ name: 'q', label: TEXT.q, hint: TEXT.qHint, kind: 'search', value: value('q'), maxlength: 600 }),
      html`<details${isDetailed(filter) && html` open`}><summary>${TEXT.more}</summary>
<div class="filters">${[
        text('endpoint'),
        text('authority'),
        text('profile'),
        field({ name: 'expiresWithin', label: TEXT.expiresWithin, kind: 'number', value: value('expiresWithin') }),
        ...DATES.map((name) => field({ name, label: TEXT[name], kind: 'date', value: value(name) })),
        field({ name: 'subject', label: TEXT.subject, hint: TEXT.subjectHint, value: value('subject') }),
      ]}</div></details>`,
      filter.state !== undefined && kept('state', filter.state),
    ],
  });
};

const isDetailed = (filter: SentFilter): boolean =>
  FILTER_NAMES.some((name) => name !== 'q' && filter[name] !== undefined);

/** In the order of the table. */
export const STATES: readonly ShownState[] = SHOWN_STATES;
