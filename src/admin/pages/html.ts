/** Markup of the pages: a tag for templates that escapes every value, so that data can never become markup. */
import { html as escaping } from 'ghtml';

/** Markup that is safe to send. Only the tag `html` makes it. */
export class Html {
  /** As it is sent. */
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: markup, text that is escaped, lists of both; nothing for what is absent. */
export type Piece = Html | string | number | undefined | false | readonly Piece[];

/**
 * The tag of every template. Attributes are always written in quotes. There is no way to put text in without escaping.
 */
export const html = (parts: TemplateStringsArray, ...values: readonly Piece[]): Html =>
  new Html(parts.map((part, at) => (at === 0 ? part : markupOf(values[at - 1]) + part)).join(''));

function markupOf(value: Piece): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escaping`${String(value)}`;
}

/** A path with a query; parameters without a value are left out. */
export function link(path: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(parameters).filter((each): each is [string, string] => Boolean(each[1]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
