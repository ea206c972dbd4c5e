/** Every page and every form, in the order of the navigation. */
import { BLOCK_FORMS, BLOCKS_PAGE } from './blocks-page.ts';
import { OVERVIEW_PAGE } from './overview-page.ts';
import type { Page, PageForm } from './page-row.ts';

/** The pages. */
export const PAGES: readonly Page[] = [OVERVIEW_PAGE, BLOCKS_PAGE];

/** The forms. */
export const FORMS: readonly PageForm[] = [...BLOCK_FORMS];
