/** One listing of the directory of a tenant, compared with what is recorded, and recorded when it can be believed. */
import {
  DIRECTORY_KINDS,
  type DirectoryKind,
  type DirectoryListing,
  type DirectoryObject,
  type DirectoryStanding,
  type DirectoryStore,
  type ListDirectory,
} from '../core/tenant-directory.ts';

/** A listing that is empty or has lost too much, so that nothing is recorded of it. */
export class DirectoryDoubtful extends Error {
  override readonly name = 'DirectoryDoubtful';
  readonly remedy = 'If they are truly gone, run `openndes directory approve --loss`.';
}

/** What a listing works on. */
export type ListingParts = {
  tenant: string;
  store: Pick<DirectoryStore, 'listDirectory' | 'recordDirectory'>;
  list: ListDirectory;
};

/** A comparison. `changes`: the objects to record; `returned`: those of them that were gone. */
export type ComparedList = {
  kind: DirectoryKind;
  there: number;
  /** There before, and not now. */
  lost: number;
  before: number;
  changes: DirectoryObject[];
  returned: DirectoryObject[];
  link?: string;
};

/** Lists and compares every kind. Nothing is recorded. Throws what `list` throws, and DirectoryDoubtful. */
export async function compareDirectory(
  parts: ListingParts,
  standing: DirectoryStanding,
  signal: AbortSignal,
): Promise<ComparedList[]> {
  const compared: ComparedList[] = [];
  for (const kind of DIRECTORY_KINDS) {
    const listing = await parts.list(kind, standing.links[kind], signal);
    compared.push(await compare(parts, { kind, listing, number: standing.listing + 1 }));
    signal.throwIfAborted();
  }
  if (!standing.acceptsLoss) for (const each of compared) assertBelievable(each);
  return compared;
}

/** Objects that are read, compared or recorded at once: the event loop waits meanwhile. */
export const AT_ONCE = 100;

type New = { kind: DirectoryKind; listing: DirectoryListing; number: number };

async function compare(parts: ListingParts, listed: New): Promise<ComparedList> {
  const { kind, listing } = listed;
  const { link } = listing;
  const counts = { there: 0, lost: 0, before: 0 };
  const result: ComparedList = { kind, ...counts, changes: [], returned: [], ...(link !== undefined && { link }) };
  await compareRecorded(parts, listed, result);
  await addUnrecorded(listed, result);
  return result;
}

/** Compares what is recorded, and takes it out of the listing: there is no copy, because there can be many. */
async function compareRecorded(
  { store, tenant }: ListingParts,
  { kind, listing: { objects, full }, number }: New,
  result: ComparedList,
): Promise<void> {
  const page = (after?: string) =>
    store.listDirectory(tenant, { kind, limit: AT_ONCE, ...(after !== undefined && { after }) });
  for (let recorded = await page(); recorded.length > 0; recorded = await page(recorded.at(-1)?.id)) {
    for (const old of recorded) {
      const listed = objects.get(old.id);
      objects.delete(old.id);
      const isMissing = listed === undefined && full;
      const isThere = !isMissing && (listed?.there ?? old.goneSince === undefined);
      note(result, { old, name: listed?.name ?? old.name, isThere, number });
    }
    await nextTurn();
  }
}

/** Adds what is left of the listing. */
async function addUnrecorded({ kind, listing: { objects }, number }: New, result: ComparedList): Promise<void> {
  let seen = 0;
  for (const { id, name = '', there } of objects.values()) {
    // What was never there cannot be gone, but a user can be disabled from the beginning.
    if (there === undefined || (!there && name === '')) continue;
    result.changes.push({ kind, id, name, ...(!there && { goneSince: number }) });
    if (there) result.there++;
    if (++seen % AT_ONCE === 0) await nextTurn();
  }
}

type Noted = { old: DirectoryObject; name: string; isThere: boolean; number: number };

function note(result: ComparedList, { old: { goneSince, ...old }, name, isThere, number }: Noted): void {
  if (goneSince === undefined) result.before++;
  if (isThere) result.there++;
  const isChanged = name !== old.name || isThere !== (goneSince === undefined);
  if (!isChanged) return;
  if (isThere && goneSince !== undefined) result.returned.push({ ...old, name });
  if (!isThere && goneSince === undefined) result.lost++;
  result.changes.push({ ...old, name, ...(!isThere && { goneSince: goneSince ?? number }) });
}

/** A loss of so many is never doubted, as long as some are left. */
const FEW = 10;
/** The share of all that may be lost from one listing to the next. */
const MOST_LOST = 1 / 5;

const NOUNS: Readonly<Record<DirectoryKind, string>> = {
  managed: 'devices of Intune',
  device: 'devices of Entra',
  user: 'users',
};

/** Throws DirectoryDoubtful for a listing that is empty, or has lost too much. */
function assertBelievable({ kind, before, there, lost }: ComparedList): void {
  if (before === 0 || (there > 0 && lost <= Math.max(FEW, before * MOST_LOST))) return;
  throw new DirectoryDoubtful(`${lost} of ${before} ${NOUNS[kind]} are gone at once, so the listing is not believed`);
}

/** Records what was compared; a restart in between is harmless, because the number of the listing is recorded last. */
export async function recordCompared(
  { store, tenant }: Pick<ListingParts, 'store' | 'tenant'>,
  compared: readonly ComparedList[],
  signal: AbortSignal,
): Promise<void> {
  for (const { changes } of compared)
    for (let at = 0; at < changes.length; at += AT_ONCE) {
      signal.throwIfAborted();
      await store.recordDirectory(tenant, changes.slice(at, at + AT_ONCE));
    }
}

/** Lets requests be answered in between. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
