/** Removes old entries of the history with their links. What was removed keeps its place in the chain: see AuditHead. */
import type { AuditHead, HeadSeal, StoredHead } from '../core/audit-chain.ts';
import type { OldPage, RemovedPage } from '../core/store.ts';
import { headRow, listHeads } from './audit-heads.ts';
import type { GroupCommit } from './batch.ts';
import { hex, padded } from './chained-entries.ts';
import type { Database, Moment } from './tables.ts';

/** One link that is old, with its entry. */
type OldLink = { number: number; hash: Uint8Array; entry: number };

/** `waiting`: the certificates that a notification still reports. `now`: when it is done. */
export type RemovingEntries = { waiting: () => Promise<ReadonlySet<number | null>>; now: Date };

/** Entries that have no link yet are not looked at: they get one within seconds. */
export async function removeOldEntries(
  { db, write }: { db: Database; write: GroupCommit['write'] },
  { before, after = 0, limit, seal }: OldPage,
  { waiting, now }: RemovingEntries,
): Promise<RemovedPage> {
  const rows = await linksAfter(db, after, limit);
  const old = rows.filter((row) => isOld(row, before.getTime()));
  const kept = old.length > 0 ? await waiting() : new Set();
  const removed = old.filter(({ certificate_id }) => !kept.has(certificate_id));
  for (const run of runsOf(removed)) await removeRun({ db, write }, run, { seal, now });
  // None is much older than the one before it: those that come after a young one are young too.
  const isYoung = (rows.at(-1)?.at ?? 0) >= before.getTime();
  const next = isYoung || rows.length < limit ? undefined : rows.at(-1)?.number;
  return { removed: removed.length, ...(next !== undefined && { next }) };
}

const linksAfter = (db: Database, after: number, limit: number) =>
  db
    .selectFrom('audit_chain')
    .leftJoin('audit', 'audit.id', 'audit_chain.entry')
    .leftJoin('certificates', 'certificates.id', 'audit.certificate_id')
    .select(['number', 'hash', 'entry', 'audit.at', 'audit.certificate_id', 'certificates.not_after'])
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute();

/** One whose entry was taken away stays: it is what shows that. */
const isOld = ({ at, not_after }: { at: Moment | null; not_after: Moment | null }, before: Moment): boolean =>
  at !== null && at < before && (not_after ?? 0) < before;

/** In parts without a gap. */
function runsOf(links: readonly OldLink[]): [OldLink, ...OldLink[]][] {
  const runs: [OldLink, ...OldLink[]][] = [];
  for (const link of links) {
    const run = runs.at(-1);
    if (run?.at(-1)?.number === link.number - 1) run.push(link);
    else runs.push([link]);
  }
  return runs;
}

type Removing = { seal: HeadSeal | undefined; now: Date };

async function removeRun(
  { db, write }: { db: Database; write: GroupCommit['write'] },
  run: readonly [OldLink, ...OldLink[]],
  { seal, now }: Removing,
): Promise<void> {
  const heads = await listHeads(db);
  const chain = heads.find(({ kind }) => kind === 'genesis')?.hash ?? '';
  const last = run.at(-1) ?? run[0];
  const own = heads.filter((head) => head.kind === 'removed' && (seal?.isOwn(head, chain) ?? true));
  const before = own.find(({ number }) => number === run[0].number - 1);
  const after = own.find(({ first }) => first === last.number + 1);
  const head: AuditHead = {
    kind: 'removed',
    first: before?.first ?? run[0].number,
    number: after?.number ?? last.number,
    hash: after?.hash ?? hex(last.hash),
    at: now,
  };
  const signed: StoredHead = { ...head, ...(seal && (await seal.sign(head, chain))) };
  await write(async (tx) => {
    const joined = [before, after].flatMap((each) => each?.number ?? []);
    if (joined.length > 0)
      await tx.deleteFrom('audit_heads').where('kind', '=', 'removed').where('number', 'in', joined).execute();
    await tx.insertInto('audit_heads').values(headRow(signed)).execute();
    const entries = padded(run.map(({ entry }) => entry));
    await tx.deleteFrom('audit').where('id', 'in', entries).execute();
    await tx
      .deleteFrom('audit_chain')
      .where('number', '>=', run[0].number)
      .where('number', '<=', last.number)
      .execute();
  });
}
