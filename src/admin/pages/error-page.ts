/** Pages about what was not done: what is wrong, and what to do. */
import type { ActionError } from '../../actions/action-error.ts';
import { html, type Html } from './html.ts';
import { copyable, facts, notice } from './page-parts.ts';
import type { Shown } from './shown.ts';
import { ERROR_TEXTS, PROPOSED_TEXTS, TEXTS } from './texts.ts';

/** What can go wrong before an action runs. */
export type PageFault = keyof typeof ERROR_TEXTS;

/** The page about it. */
export function faultPage(fault: PageFault): Shown {
  const { status, title, text } = ERROR_TEXTS[fault];
  return { status, title, body: [notice('bad', text, 'alert'), fault === 'signedOut' && signIn()] };
}

/** An action that was refused: its sentence, its remedy, and the way back. */
export const refusedPage = (error: ActionError, back: string): Shown => ({
  status: error.status,
  title: ERROR_TEXTS.refused.title,
  body: [
    notice('bad', html`<p><strong>${sentence(error.message)}</strong></p><p>${error.remedy}</p>`, 'alert'),
    html`<p><a href="${back}">${TEXTS.back}</a></p>`,
  ],
});

/** An action that a second person has to confirm. */
export const proposedPage = (id: string): Shown => ({
  status: 202,
  title: PROPOSED_TEXTS.title,
  body: [notice('waiting', PROPOSED_TEXTS.text), facts([[PROPOSED_TEXTS.id, copyable(id)]])],
});

const signIn = (): Html => html`<p><a class="button" href="/admin/login">${TEXTS.signIn}</a></p>`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
