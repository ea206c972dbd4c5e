/** Lists of Microsoft Graph, a page after the other. */
import type { DiscoveryOptions } from './discovery.ts';
import { askGraph } from './graph-call.ts';
import { type HttpFault, httpFault, notAnAnswer } from './http-faults.ts';
import { abortablePause, type PacedCalls } from './paced-calls.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';
import { asObject, field, parseObject } from '../outbound/untrusted-json.ts';

/** What the lists need. `tries`: of each page; `backoffMs`: before the second one, and twice as long before each next one. */
export type GraphListOptions = Omit<DiscoveryOptions, 'cloud'> & {
  cloud: Pick<DiscoveryOptions['cloud'], 'graph'>;
  tries: number;
  backoffMs: number;
  /** In place of `tries` and `backoffMs`. */
  paced?: PacedCalls;
};

/**
 * One list. `read` returns undefined for what is no row of it. `isDelta`: its last page has a link at which its next round
 * begins.
 */
export type GraphList<T> = {
  hop: Extract<IntuneHop, 'directory' | 'certificateStates' | 'userPfxCertificates'>;
  url: string;
  read: (row: object) => T | undefined;
  prefer?: string;
  isDelta?: true;
};

/** One page. `next` is absent on the last one, and `end` on all but the last of a delta query. */
export type GraphPage<T> = { rows: T[]; next: string | undefined; end: string | undefined };

/** Pages of one list: many millions of rows. */
const MOST_PAGES = 20_000;

/** Each page is asked for when the one before was used. Throws IntuneUnreachable, and the signal's reason on abort. */
export async function* graphPages<T>(
  list: GraphList<T>,
  options: GraphListOptions,
  signal: AbortSignal,
): AsyncGenerator<GraphPage<T>, void, undefined> {
  const asked = new Set<string>();
  let url: string | undefined = list.url;
  while (url !== undefined) {
    if (asked.has(url)) throw unusable(list, 'a page that leads back to an earlier one');
    if (asked.size === MOST_PAGES) throw unusable(list, `more than ${MOST_PAGES} pages`);
    asked.add(url);
    const at = { ...list, url };
    const page: GraphPage<T> = await (options.paced?.((ends) => onePage(at, options, ends), signal) ??
      pageAt(at, options, signal));
    yield page;
    url = page.next;
  }
}

async function pageAt<T>(list: GraphList<T>, options: GraphListOptions, signal: AbortSignal): Promise<GraphPage<T>> {
  const { tries, backoffMs } = options;
  for (let left = tries, wait = backoffMs; ; left--, wait *= 2)
    try {
      return await onePage(list, options, signal);
    } catch (error) {
      if (!(error instanceof IntuneUnreachable) || !error.retryable || left <= 1) throw error;
      await abortablePause(Math.min(error.retryAfterMs ?? wait, LONGEST_PAUSE), signal);
    }
}

/** Milliseconds. */
const LONGEST_PAUSE = 120_000;

/** Octets: a thousand rows have a tenth of it. */
const LONGEST_PAGE = 8 * 1_048_576;

const onePage = <T>(list: GraphList<T>, options: GraphListOptions, signal: AbortSignal): Promise<GraphPage<T>> =>
  askGraph({ ...list, limit: LONGEST_PAGE }, options, signal, (fault) => {
    if (fault.reply.status !== 200) throw httpFault(fault);
    return readPage(list, fault, options);
  });

/** Every row must be one: a page with others, or with an error, is none, because what it leaves out would count as gone. */
function readPage<T>(list: GraphList<T>, fault: HttpFault, { cloud }: GraphListOptions): GraphPage<T> {
  const body = parseObject(fault.reply.text);
  const values = field(body, 'value');
  if (!Array.isArray(values) || field(body, 'error') !== undefined) throw notAnAnswer(fault);
  const rows = values.map((value: unknown): T => {
    const row = asObject(value);
    const read = row && list.read(row);
    if (read === undefined) throw notAnAnswer(fault);
    return read;
  });
  const link = (name: string): string | undefined => ownLink(list, field(body, name), cloud.graph);
  const [next, end] = [link('@odata.nextLink'), link('@odata.deltaLink')];
  // A delta query ends with a link. Without one the answer was cut.
  if (list.isDelta && next === undefined && end === undefined) throw notAnAnswer(fault);
  return { rows, next, end };
}

/** Refuses a link to another server, so that no token is sent to it. */
function ownLink(list: Pick<GraphList<never>, 'hop'>, link: unknown, graph: string): string | undefined {
  if (link === undefined) return undefined;
  if (typeof link === 'string' && isOwnLink(link, graph)) return new URL(link).href;
  throw unusable(list, 'a link to the next page that leads to another server');
}

/** Whether a link is of this server. */
export const isOwnLink = (link: string, graph: string): boolean => URL.parse(link)?.origin === new URL(graph).origin;

const unusable = ({ hop }: Pick<GraphList<never>, 'hop'>, what: string): IntuneUnreachable =>
  new IntuneUnreachable({
    hop,
    what: `the list of Graph has ${what}`,
    remedy: 'Look for a proxy that changes the answers of Graph, and at `cloud`.',
    retryable: false,
  });
