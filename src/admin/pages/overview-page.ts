/** The first page. */
import { html } from './html.ts';
import { OVERVIEW_TEXTS } from './overview-texts.ts';
import type { Page } from './page-row.ts';
import { absolute } from './page-parts.ts';

/** `/admin/`. */
export const OVERVIEW_PAGE: Page = {
  path: '/admin/',
  title: OVERVIEW_TEXTS.title,
  menu: OVERVIEW_TEXTS.title,
  permission: 'view',
  render: ({ now }) => html`<p>${OVERVIEW_TEXTS.checked(absolute(now))}</p>`,
};
