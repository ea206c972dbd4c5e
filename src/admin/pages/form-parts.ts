/** Forms of the pages. Every one works without a script. */
import { type Piece, html, type Html } from './html.ts';
import type { PagePath, Visit } from './page-row.ts';

/** The name of the field with the token of the session. */
export const TOKEN_FIELD = 'formToken';

/**
 * `danger`: a button for what cannot be taken back; `confirm` is the question that a script asks before. `files`: the form
 * sends files.
 */
export type FormOptions = {
  to: PagePath;
  button: Piece;
  body?: Piece;
  danger?: boolean;
  confirm?: string;
  files?: boolean;
};

/** A form that changes something; `to` is the path of its row. */
export function form({ formToken }: Pick<Visit, 'formToken'>, options: FormOptions): Html {
  const { to, button, body, danger, confirm, files } = options;
  const encoding = files && html` enctype="multipart/form-data"`;
  const question = confirm !== undefined && html` data-confirm="${confirm}"`;
  return html`<form method="post" action="${to}"${encoding}${question}>
${kept(TOKEN_FIELD, formToken)}${body}
<p class="actions"><button${danger && html` class="danger"`}>${button}</button></p></form>`;
}

/** A form that only asks: what was typed stands in the URL. */
export const searchForm = (to: PagePath, { button, body }: Pick<FormOptions, 'button' | 'body'>): Html =>
  html`<form class="search" method="get" action="${to}" role="search">${body}
<p class="actions"><button>${button}</button></p></form>`;

/** A field that keeps what was given, and is not shown. */
export const kept = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`;

/** One field. `kind`: of `<input>`, or `lines` for several lines. `hint` is read with the label. */
export type FieldOptions = {
  name: string;
  /** Where one page has several fields of this name: what makes the id of this one its own. */
  of?: string;
  label: string;
  hint?: string;
  value?: string;
  kind?: 'text' | 'search' | 'password' | 'number' | 'date' | 'file' | 'lines';
  required?: boolean;
  autocomplete?: string;
  maxlength?: number;
};

/** A field with its label. */
export function field(options: FieldOptions): Html {
  const { label, hint, value = '', kind = 'text' } = options;
  const id = idOf(options);
  const attributes = attributesOf(options);
  const input =
    kind === 'lines'
      ? html`<textarea ${attributes} rows="3">${value}</textarea>`
      : html`<input type="${kind}" ${attributes} value="${value}">`;
  const below = hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`;
  return html`<div class="field"><label for="${id}">${label}</label>${input}${below}</div>`;
}

const idOf = ({ name, of = '' }: Pick<FieldOptions, 'name' | 'of'>): string => `field-${name}${of}`;

function attributesOf(options: FieldOptions): Html {
  const { name, hint, required, autocomplete, maxlength } = options;
  const id = idOf(options);
  return html`id="${id}" name="${name}"${[
    required && html` required`,
    hint !== undefined && html` aria-describedby="${id}-hint"`,
    autocomplete !== undefined && html` autocomplete="${autocomplete}"`,
    maxlength !== undefined && html` maxlength="${maxlength}"`,
  ]}`;
}

/** One of several values. Each option is its value and its words. */
export function choice(
  named: Pick<FieldOptions, 'name' | 'of' | 'label' | 'value'>,
  options: readonly (readonly [value: string, words: string])[],
): Html {
  const id = idOf(named);
  const each = options.map(
    ([value, words]) => html`<option value="${value}"${value === named.value && html` selected`}>${words}</option>`,
  );
  return html`<div class="field"><label for="${id}">${named.label}</label>
<select id="${id}" name="${named.name}">${each}</select></div>`;
}

/** A box to tick; its value is `yes`. */
export const tick = (name: string, label: string): Html =>
  html`<p class="tick"><input type="checkbox" id="field-${name}" name="${name}" value="yes">
<label for="field-${name}">${label}</label></p>`;
