/** What is answered to a request for a page, and to a form: a page, another page to go to, or a file. */
import { timingSafeEqual } from 'node:crypto';
import { actionNamed } from '../../actions/all-actions.ts';
import { perform, type Performed } from '../../actions/action.ts';
import { ActionError } from '../../actions/action-error.ts';
import { reachOf } from '../../core/access.ts';
import { faultPage, proposedPage, refusedPage } from './error-page.ts';
import type { Fields } from './form-fields.ts';
import { TOKEN_FIELD } from './form-parts.ts';
import { Html } from './html.ts';
import type { Attachment, Page, PageForm, Visit } from './page-row.ts';
import type { Gone, Shown } from './shown.ts';
import { notice } from './page-parts.ts';

/** The page, or why not. Throws what is no ActionError. */
export async function answerPage(
  page: Page,
  { visit, forms }: { visit: Visit; forms: readonly PageForm[] },
): Promise<Shown | Attachment> {
  const { path: here, title } = page;
  if (!reachOf(visit.caller.grants, page.permission)) return faultPage('forbidden');
  try {
    const rendered = await page.render(visit);
    if (!(rendered instanceof Html)) return rendered;
    return { status: 200, title, here, body: [doneNotice(forms, visit), rendered] };
  } catch (error) {
    return refused(error, '/admin/');
  }
}

/** Runs the action of a form. Throws what is no ActionError. */
export async function answerForm(
  row: PageForm,
  { visit, fields }: { visit: Visit; fields: Fields },
): Promise<Shown | Gone> {
  if (!isEqual(fields.text(TOKEN_FIELD), visit.formToken)) return faultPage('forged');
  try {
    const { desk, caller } = visit;
    const performed = await perform(actionNamed(row.action), { desk, caller, sent: await row.input(fields) });
    return await followed(performed, { row, visit, fields });
  } catch (error) {
    return refused(error, row.again?.(fields) ?? row.back);
  }
}

async function followed(
  performed: Performed<unknown>,
  { row, visit, fields }: { row: PageForm; visit: Visit; fields: Fields },
): Promise<Shown | Gone> {
  if (performed.kind === 'proposed') return { ...proposedPage(performed.id), here: row.back };
  const answer = await row.answer(performed.output, fields, visit);
  return 'to' in answer ? { to: withDone(answer.to, row.path) } : { status: 200, here: row.back, ...answer };
}

const DONE = 'done';

/** The next page learns which form was done, not a text: a link cannot put words on a page. */
function withDone(to: string, form: string): string {
  const url = new URL(to, 'http://page');
  url.searchParams.set(DONE, form);
  return `${url.pathname}${url.search}${url.hash}`;
}

function doneNotice(forms: readonly PageForm[], { query }: Visit): Html | undefined {
  const form = forms.find(({ path }) => path === query.get(DONE));
  return form && notice('good', form.done);
}

function refused(error: unknown, back: string): Shown {
  if (error instanceof ActionError) return refusedPage(error, back);
  throw error;
}

/** Compares in constant time, for texts of one length. */
export function isEqual(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
