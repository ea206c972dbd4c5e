/** What a page is, and what a form on it does. Both are rows of a table: CONTRIBUTING.md, "Add a page". */
import type { Readable } from 'node:stream';
import type { Caller, Desk } from '../../actions/action.ts';
import type { Permission } from '../../core/access.ts';
import type { Fields } from './form-fields.ts';
import type { Html } from './html.ts';

/**
 * One request for a page. `query`: what stands behind the question mark; nothing of it is checked. `formToken`: what every
 * form on the page sends back; `form` of form-parts.ts writes it.
 */
export type Visit = { desk: Desk; caller: Caller; query: URLSearchParams; formToken: string; now: Date };

/** A file to download instead of a page. `type` is its Content-Type. */
export type Attachment = { file: string; type: string; body: string | Uint8Array | Readable };

/** Where a page is. */
export type PagePath = '/admin/' | `/admin/${string}`;

/**
 * One page, for GET. `title` is its heading. `menu`: its words in the navigation; a page without it is reached by links. Who has
 * the permission nowhere gets 403, and does not see it in the navigation. `isOffered`: whether the navigation has it; without it, it has.
 * `render` reads through actions, by `perform`.
 */
export type Page = {
  path: PagePath;
  title: string;
  menu?: string;
  permission: Permission;
  isOffered?(desk: Desk): boolean;
  render(visit: Visit): Promise<Html | Attachment> | Html | Attachment;
};

/**
 * What follows when the action was done: another page, where `done` of the form is shown; or an answer of its own, for what
 * can be shown only once.
 */
export type Answer = { to: string } | { title: string; body: Html };

/**
 * One form, for POST. `action`: its name in ACTIONS, which asks for the permission and checks `input`. `done`: the sentence
 * after it was done. `back`: the page to return to when it was not; `again`, where that page needs to be told of what it is: its URL.
 */
export type PageForm = {
  path: PagePath;
  action: string;
  back: PagePath;
  again?(fields: Fields): string;
  done: string;
  input(fields: Fields): unknown;
  answer(output: unknown, fields: Fields, visit: Visit): Answer | Promise<Answer>;
};
