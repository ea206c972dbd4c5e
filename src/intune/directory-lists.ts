/**
 * Devices and users through Microsoft Graph: all devices of Intune in pages, and devices and users of Entra as delta queries,
 * whose first round is everything and later ones what has changed.
 */
import type { DirectoryKind, DirectoryListing, ListDirectory, ListedObject } from '../core/tenant-directory.ts';
import type { DiscoveryOptions } from './discovery.ts';
import { type HttpFault, httpFault, notAnAnswer } from './http-faults.ts';
import { withToken } from './kept-tokens.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { asObject, field, parseObject, textField } from './untrusted-json.ts';

/** What the lists need. `tries`: of each page; `backoffMs`: before the second one, and twice as long before each next one. */
export type DirectoryOptions = Omit<DiscoveryOptions, 'cloud'> & {
  cloud: Pick<DiscoveryOptions['cloud'], 'graph'>;
  tries: number;
  backoffMs: number;
};

/** How a kind is listed: the path, the most rows of a page (a thousand take 20 ms of the event loop), and what a row says. */
type List = { path: string; prefer?: string; read: (row: object) => Omit<ListedObject, 'id'> };

/** Of an Entra device that is not registered. */
const NO_DEVICE = /^[0-]*$/;

const deviceName = (row: object, key: string): string | undefined => {
  const id = textField(row, key);
  return id !== undefined && NO_DEVICE.test(id) ? '' : id;
};

const LISTS: Readonly<Record<DirectoryKind, List>> = {
  managed: {
    path: 'deviceManagement/managedDevices?$select=id,azureADDeviceId&$top=500',
    read: (row) => named(deviceName(row, 'azureADDeviceId') ?? '', true),
  },
  device: {
    path: 'devices/delta?$select=id,deviceId',
    prefer: 'odata.maxpagesize=500',
    read: (row) => named(deviceName(row, 'deviceId'), true),
  },
  user: {
    path: 'users/delta?$select=id,userPrincipalName,accountEnabled',
    prefer: 'odata.maxpagesize=500',
    read: (row) => {
      const enabled = field(row, 'accountEnabled');
      return named(textField(row, 'userPrincipalName'), typeof enabled === 'boolean' ? enabled : undefined);
    },
  },
};

const named = (name: string | undefined, there: boolean | undefined): Omit<ListedObject, 'id'> => ({
  ...(name !== undefined && { name: name.toLowerCase() }),
  ...(there !== undefined && { there }),
});

/** Octets: a thousand devices have a tenth of it. */
const LONGEST_PAGE = 8 * 1_048_576;
/** Pages of one listing: many millions of objects. */
const MOST_PAGES = 20_000;

/** Lists. Throws IntuneUnreachable with hop `directory`. When Graph does not know the link any more, everything is listed anew. */
export const directoryLists =
  (options: DirectoryOptions): ListDirectory =>
  async (kind, link, signal) => {
    if (link === undefined) return wholeList(kind, undefined, { ...options, signal });
    try {
      return await wholeList(kind, link, { ...options, signal });
    } catch (error) {
      if (!(error instanceof IntuneUnreachable) || error.status !== 410) throw error;
      return wholeList(kind, undefined, { ...options, signal });
    }
  };

type Listing = DirectoryOptions & { signal: AbortSignal };

async function wholeList(kind: DirectoryKind, link: string | undefined, options: Listing): Promise<DirectoryListing> {
  const objects = new Map<string, ListedObject>();
  let url = link ?? `${options.cloud.graph}/v1.0/${LISTS[kind].path}`;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await pageAt(url, kind, options);
    // What comes later is newer.
    for (const each of page.objects) objects.set(each.id, { ...objects.get(each.id), ...each });
    if (page.next !== undefined) url = page.next;
    else return { full: link === undefined, objects, ...(page.end !== undefined && { link: page.end }) };
  }
  throw unusable(`more than ${MOST_PAGES} pages`);
}

type Page = { objects: ListedObject[]; next: string | undefined; end: string | undefined };

async function pageAt(url: string, kind: DirectoryKind, options: Listing): Promise<Page> {
  const { tries, backoffMs, signal } = options;
  for (let left = tries, wait = backoffMs; ; left--, wait *= 2)
    try {
      return await onePage(url, kind, options);
    } catch (error) {
      if (!(error instanceof IntuneUnreachable) || !error.retryable || left <= 1) throw error;
      await pause(Math.min(error.retryAfterMs ?? wait, LONGEST_PAUSE), signal);
    }
}

/** Milliseconds. */
const LONGEST_PAUSE = 120_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function onePage(url: string, kind: DirectoryKind, options: Listing): Promise<Page> {
  const { tokens, exchange, clock, uuid, signal } = options;
  const clientRequestId = uuid();
  return withToken(tokens, signal, async (token) => {
    const { prefer } = LISTS[kind];
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'client-request-id': clientRequestId,
      ...(prefer !== undefined && { prefer }),
    };
    const call = { hop: 'directory', method: 'GET', url, headers, limit: LONGEST_PAGE, clientRequestId } as const;
    const reply = await exchange(call, signal);
    const fault = { hop: 'directory', reply, clock, sent: [token], clientRequestId } as const;
    if (reply.status !== 200) throw httpFault(fault);
    return readPage(kind, fault, options);
  });
}

/** Every row must be one: a page with others is none, because what it leaves out would count as gone. */
function readPage(kind: DirectoryKind, fault: HttpFault, { cloud }: Listing): Page {
  const body = parseObject(fault.reply.text);
  const rows = field(body, 'value');
  if (!Array.isArray(rows)) throw notAnAnswer(fault);
  const objects = rows.map((each: unknown): ListedObject => {
    const row = asObject(each);
    const id = textField(row, 'id');
    if (!row || !id) throw notAnAnswer(fault);
    const removed = field(row, '@removed') !== undefined;
    return { id: id.toLowerCase(), ...(removed ? { there: false } : LISTS[kind].read(row)) };
  });
  const [next, end] = ['@odata.nextLink', '@odata.deltaLink'].map((name) => ownLink(field(body, name), cloud.graph));
  // A delta query ends with a link. Without one the answer was cut.
  if (kind !== 'managed' && next === undefined && end === undefined) throw notAnAnswer(fault);
  return { objects, next, end };
}

/** Refuses a link to another server, so that no token is sent to it. */
function ownLink(link: unknown, graph: string): string | undefined {
  if (link === undefined) return undefined;
  const url = typeof link === 'string' ? URL.parse(link) : null;
  if (url?.origin === new URL(graph).origin) return url.href;
  throw unusable('a link to the next page that leads to another server');
}

const unusable = (what: string): IntuneUnreachable =>
  new IntuneUnreachable({
    hop: 'directory',
    what: `the list of Graph has ${what}`,
    remedy: 'Look for a proxy that changes the answers of Graph, and at `cloud`.',
    retryable: false,
  });
