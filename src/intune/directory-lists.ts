/**
 * Devices and users through Microsoft Graph: all devices of Intune in pages, and devices and users of Entra as delta queries,
 * whose first round is everything and later ones what has changed.
 */
import type { DirectoryKind, DirectoryListing, ListDirectory, ListedObject } from '../core/tenant-directory.ts';
import { type GraphListOptions, graphPages, isOwnLink } from './graph-pages.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { field, textField } from '../outbound/untrusted-json.ts';

/** How a kind is listed: the path, the most rows of a page (a thousand take 20 ms of the event loop), and what a row says. */
type List = { path: string; prefer?: string; isDelta?: true; read: (row: object) => Omit<ListedObject, 'id'> };

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
    isDelta: true,
    read: (row) => named(deviceName(row, 'deviceId'), true),
  },
  user: {
    path: 'users/delta?$select=id,userPrincipalName,accountEnabled',
    prefer: 'odata.maxpagesize=500',
    isDelta: true,
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

/** With these Graph says that it does not know a link any more: 410, or another of them with a code such as syncStateNotFound. */
const LINK_ENDED: ReadonlySet<unknown> = new Set([400, 404, 410]);

/**
 * Lists. Throws IntuneUnreachable with hop `directory`. When Graph does not know the link any more, or it is of another server
 * because `cloud` was changed, everything is listed anew.
 */
export const directoryLists =
  (options: GraphListOptions): ListDirectory =>
  async (kind, link, signal) => {
    if (link === undefined || !isOwnLink(link, options.cloud.graph)) return wholeList({ kind }, options, signal);
    try {
      return await wholeList({ kind, link }, options, signal);
    } catch (error) {
      if (!(error instanceof IntuneUnreachable) || !LINK_ENDED.has(error.status)) throw error;
      return wholeList({ kind }, options, signal);
    }
  };

async function wholeList(
  { kind, link }: { kind: DirectoryKind; link?: string },
  options: GraphListOptions,
  signal: AbortSignal,
): Promise<DirectoryListing> {
  const { path, ...list } = LISTS[kind];
  const url = link ?? `${options.cloud.graph}/v1.0/${path}`;
  const read = (row: object): ListedObject | undefined => readObject(row, list);
  const objects = new Map<string, ListedObject>();
  let next: string | undefined;
  for await (const { rows, end } of graphPages({ ...list, hop: 'directory', url, read }, options, signal)) {
    // What comes later is newer.
    for (const each of rows) objects.set(each.id, { ...objects.get(each.id), ...each });
    next = end;
  }
  return { full: link === undefined, objects, ...(next !== undefined && { link: next }) };
}

function readObject(row: object, { read }: Pick<List, 'read'>): ListedObject | undefined {
  const id = textField(row, 'id');
  if (!id) return undefined;
  const isRemoved = field(row, '@removed') !== undefined;
  return { id: id.toLowerCase(), ...(isRemoved ? { there: false } : read(row)) };
}
