/** One turn of the work with the directory of a tenant, and what an administrator does with it. */
import { DAY, MINUTE } from '../core/durations.ts';
import type {
  DirectoryCount,
  DirectoryKind,
  DirectoryStanding,
  DirectoryStore,
  ListDirectory,
} from '../core/tenant-directory.ts';
import type { Emit } from '../core/events.ts';
import type { BlockStore, CertificateStore } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';
import { removeBlock } from './block-list.ts';
import { AT_ONCE, type ComparedList, compareDirectory, nextTurn, recordCompared } from './directory-listing.ts';
import {
  blockOf,
  countAllLive,
  type GoneCertificates,
  goneCertificates,
  type GoneParts,
  revokeGone,
} from './directory-revocation.ts';

/** The part of the store that the work needs. */
export type DirectoryWorkStore = DirectoryStore &
  Pick<CertificateStore, 'listCertificates' | 'revoke'> &
  Pick<BlockStore, 'addBlock' | 'listBlocks' | 'removeBlock'>;

/** `every`: milliseconds from one listing to the next; `limit`: percent of the certificates within 24 hours, 100 for all. */
export type DirectoryRules = { every: number; limit: number };

/** One tenant, its rules, and how its directory is listed. */
export type DirectoryWork = GoneParts &
  Omit<Management<DirectoryWorkStore>, 'actor' | 'source'> & { rules: DirectoryRules; list: ListDirectory; emit: Emit };

/** A listing that failed is made again after so long, or after `every` if that is shorter. */
const AGAIN_AFTER = 15 * MINUTE;

/** In whose name the job acts, for the history and the block list. */
const actorOf = (tenant: string) =>
  ({ actor: { kind: 'system', name: `directory ${tenant}` }, source: 'job' }) as const;

/** Nothing until a listing is due. Throws when it fails. */
export async function directoryTurn(work: DirectoryWork, signal: AbortSignal): Promise<void> {
  const { store, tenant, clock } = work;
  const standing = await store.directoryStanding(tenant);
  const now = clock().getTime();
  // A clock that was set back does not put the next listing off.
  const wait = (standing.nextAt?.getTime() ?? now) - now;
  if (wait <= 0 || wait > work.rules.every) await listAndRevoke(work, signal);
}

/** Lists now. Throws when the listing fails, or cannot be believed; nothing is revoked then. */
export async function listAndRevoke(work: DirectoryWork, signal: AbortSignal): Promise<void> {
  const { store, tenant, clock, rules } = work;
  const before = await store.directoryStanding(tenant);
  try {
    await listAndRecord(work, before, signal);
  } catch (err) {
    signal.throwIfAborted();
    const nextAt = new Date(clock().getTime() + Math.min(AGAIN_AFTER, rules.every));
    const error = err instanceof Error ? err.message : String(err);
    await store.changeDirectoryStanding(tenant, { nextAt, error });
    throw err;
  }
  await revoke(work, signal);
}

async function listAndRecord(work: DirectoryWork, before: DirectoryStanding, signal: AbortSignal): Promise<void> {
  const { store, tenant, clock, emit, rules } = work;
  const compared = await compareDirectory(work, before, signal);
  // First, because what is recorded as returned is not seen again when the server ends in between.
  await unblock(work, compared);
  await recordCompared(work, compared, signal);
  const now = clock();
  const listing = before.listing + 1;
  const links = Object.fromEntries(compared.flatMap(({ kind, link }) => (link === undefined ? [] : [[kind, link]])));
  const times = { listedAt: now, nextAt: new Date(now.getTime() + rules.every) };
  await store.changeDirectoryStanding(tenant, { ...times, listing, links, error: '', acceptsLoss: false });
  const gone = compared.reduce((sum, { lost }) => sum + lost, 0);
  emit({ event: 'directory-listed', tenant, listing, there: thereIn(compared), gone });
}

const thereIn = (compared: readonly ComparedList[]) =>
  Object.fromEntries(compared.map(({ kind, there }) => [kind, there])) as Record<DirectoryKind, number>;

/** What came back is not blocked any more, unless an administrator blocked it; also under a new id with the old name. */
async function unblock({ store, tenant, clock }: DirectoryWork, compared: readonly ComparedList[]): Promise<void> {
  const management = { store, clock, ...actorOf(tenant) };
  const own = (await store.listBlocks()).filter(({ by }) => by === management.actor.name);
  const blocked = new Set(own.map(({ name }) => name));
  for (const { kind, changes } of blocked.size > 0 ? compared : [])
    for (const [index, object] of changes.entries()) {
      const name = object.goneSince === undefined ? blockOf(kind, object) : undefined;
      if (name && blocked.has(name)) await removeBlock(management, name);
      if (index % AT_ONCE === 0) await nextTurn();
    }
}

async function revoke(work: DirectoryWork, signal: AbortSignal): Promise<void> {
  const { store, tenant, clock, emit, rules, endpoints } = work;
  const standing = await store.directoryStanding(tenant);
  const done: Parameters<typeof revokeGone>[0]['done'] = ({ endpoint, serial }, why) =>
    emit({ event: 'directory-revoked', tenant, endpoint, serial, why });
  const revoking = { store, clock, tenant, endpoints, limit: rules.limit, done, ...actorOf(tenant) };
  const { waiting } = await revokeGone(revoking, standing, signal);
  const isApproved = (await store.directoryStanding(tenant)).approved !== standing.approved;
  // An approval that came meanwhile is for the next listing.
  await store.changeDirectoryStanding(
    tenant,
    isApproved ? { nextAt: clock() } : { waiting, countedAt: standing.listing },
  );
  if (waiting > 0 && waiting !== standing.waiting) emit({ event: 'directory-waits', tenant, certificates: waiting });
}

/** `nothing`: nothing waits, and no listing was refused. */
export type Approved = { kind: 'approved'; certificates: number } | { kind: 'nothing' };

/**
 * Revokes what waits, without a bound: what was gone when it was counted, and is gone at the next listing, which is due at once. With `loss` the next listing is believed whatever it has lost; what is gone since then has its bound.
 */
export async function approveDirectory(
  management: Management<Pick<DirectoryStore, 'directoryStanding' | 'changeDirectoryStanding'>>,
  tenant: string,
  { loss }: { loss: boolean },
): Promise<Approved> {
  const { store, clock } = management;
  const { waiting, countedAt, error } = await store.directoryStanding(tenant);
  if (loss ? error === '' : waiting === 0) return { kind: 'nothing' };
  const what = loss ? 'the loss of the next listing' : `${waiting} certificates`;
  const about = { endpoint: '', transactionId: '', detail: `${tenant}: ${what}` };
  const change = loss ? { acceptsLoss: true } : { approved: countedAt - 1, waiting: 0 };
  const audit = auditEntry(management, { event: 'directory-approved', ...about });
  await store.changeDirectoryStanding(tenant, { ...change, nextAt: clock() }, audit);
  return { kind: 'approved', certificates: loss ? 0 : waiting };
}

/** What a turn would do now. `due`: the certificates of what is gone, whatever the bound. Nothing is recorded. */
export type DirectoryPlan = { compared: ComparedList[]; due: GoneCertificates[] };

/** Lists without recording it. Throws when the listing fails, or cannot be believed. */
export async function planDirectory(
  work: Omit<DirectoryWork, 'emit' | 'rules'>,
  signal: AbortSignal,
): Promise<DirectoryPlan> {
  const standing = await work.store.directoryStanding(work.tenant);
  const compared = await compareDirectory(work, standing, signal);
  const returned = new Set(compared.flatMap((each) => each.returned.map(({ kind, id }) => `${kind} ${id}`)));
  const due: GoneCertificates[] = [];
  for await (const each of goneCertificates(work, standing.listing + 1))
    if (!returned.has(`${each.object.kind} ${each.object.id}`)) due.push(each);
  return { compared, due };
}

/** How the directory of a tenant stands. `unmatched`: valid certificates that name nothing of it; they are never revoked. */
export type DirectoryStatus = Omit<DirectoryStanding, 'links' | 'countedAt'> & {
  tenant: string;
  objects: DirectoryCount[];
  revokedToday: number;
  certificates: number;
  unmatched: number;
};

/** Reads much at once: for commands only. */
export async function directoryStatus({
  store,
  tenant,
  endpoints,
  clock,
}: GoneParts & Pick<Management<DirectoryStore>, 'store' | 'clock'>): Promise<DirectoryStatus> {
  const { links: _links, countedAt: _counted, ...standing } = await store.directoryStanding(tenant);
  const at = clock();
  const certificates = await countAllLive(store, endpoints, at);
  return {
    tenant,
    ...standing,
    objects: await store.countDirectory(tenant),
    revokedToday: await store.countTaken(tenant, new Date(at.getTime() - DAY)),
    certificates,
    unmatched: certificates - (await store.countMatched(tenant, { endpoints, at })),
  };
}
