/** Pages of Graph: `$top`, `$select`, and links that hold where the next page begins. */
import { graphError } from '../error-bodies.ts';
import { type ServiceAnswer, type ServiceCall, json } from '../service-call.ts';
import { selected } from './select.ts';

/** The size of a page: by `$top`, by `Prefer: odata.maxpagesize`, or the usual one; never more than `most`. */
export type PageSizes = { usual: number; most: number };

/** The size that the call asks for; undefined when it is no whole number from 1. */
export function pageSize({ query, headers }: ServiceCall, { usual, most }: PageSizes): number | undefined {
  const prefer = /odata\.maxpagesize=(\d+)/i.exec(String(headers['prefer'] ?? ''))?.[1];
  const asked = query.get('$top') ?? prefer;
  if (asked === undefined) return usual;
  const size = Number(asked);
  return Number.isInteger(size) && size >= 1 ? Math.min(size, most) : undefined;
}

/** Options of OData that are answered. Others are refused, so that a client does not take a whole list for a filtered one. */
const OPTIONS = new Set(['$top', '$select', '$skiptoken', '$deltatoken', '$count']);

/** A refusal for an option that is not answered, or a size that is none. */
export function optionFailure(call: ServiceCall, sizes: PageSizes, filter = false): ServiceAnswer | undefined {
  const isKnown = (name: string): boolean => OPTIONS.has(name) || (filter && name === '$filter');
  const other = [...call.query.keys()].find((name) => name.startsWith('$') && !isKnown(name));
  if (other !== undefined) return badRequest(call, `The query option '${other}' is not supported here.`);
  return pageSize(call, sizes) === undefined ? badRequest(call, "Invalid value for '$top'.") : undefined;
}

/** HTTP 400 in the form of Graph. */
export const badRequest = (call: ServiceCall, text: string): ServiceAnswer =>
  graphError(call, { status: 400, code: 'BadRequest', text });

/** The URL of this call with other tokens and without those of before. */
export function linkOf({ site, path, query }: ServiceCall, token: Readonly<Record<string, string>>): string {
  const kept = [...query].filter(([name]) => !['$skiptoken', '$deltatoken'].includes(name));
  const search = [...kept, ...Object.entries(token)].map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${site.graph}${new URL(path, site.login).pathname}${search.length > 0 ? `?${search.join('&')}` : ''}`;
}

/** Rows in an order that stays; `key` grows from row to row. */
export type KeyedRow = { key: number; row: object };
/** At most so many rows whose key is after `after`. */
export type RowsAfter = (after: number, most: number) => readonly KeyedRow[];

/** A list in pages. The token of a page is the key of the row before it, so that rows that go away shift nothing. */
export function pageOf(call: ServiceCall, rowsAfter: RowsAfter, { name, sizes, filter }: PagedList): ServiceAnswer {
  const failure = optionFailure(call, sizes, filter);
  if (failure) return failure;
  const size = pageSize(call, sizes) ?? sizes.usual;
  const after = Number(call.query.get('$skiptoken') ?? '0');
  if (!Number.isSafeInteger(after) || after < 0) return badRequest(call, 'The $skiptoken is not valid.');
  const found = rowsAfter(after, size + 1);
  const page = found.slice(0, size);
  const last = found.length > size ? page.at(-1) : undefined;
  return json(200, {
    '@odata.context': `${call.site.graph}/v1.0/$metadata#${name}`,
    '@odata.count': page.length,
    ...(last && { '@odata.nextLink': linkOf(call, { $skiptoken: String(last.key) }) }),
    value: page.map(({ row }) => selected(row, call.query)),
  });
}

/** `name` is for the context of the answer. `filter`: the list knows `$filter`, and `rowsAfter` are what it lets through. */
export type PagedList = { name: string; sizes: PageSizes; filter?: true };
