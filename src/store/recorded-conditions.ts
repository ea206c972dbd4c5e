/** Conditions: one row for each server that sees one, and when each server has looked. */
import { type Condition, conditionSince, inOrder, type SeenCondition } from '../core/condition.ts';
import type { ConditionChanges, ConditionLook } from '../core/condition-store.ts';
import { MINUTE } from '../core/durations.ts';
import type { OutboxStanding } from '../core/records.ts';
import type { ServerSign } from '../core/store-standing.ts';
import type { ConditionTable, Database, Moment } from './tables.ts';

/** Milliseconds without a look after which what a server saw counts no more: two looks may fail. */
const STALE = 3 * MINUTE;

/** The row of all servers together: no server has this name, and whoever writes it keeps the others waiting. */
const ALL = '';

/** What was read before a look: the rows, and the servers whose rows count beside those of the one that looks. */
type Before = { rows: readonly ConditionTable[]; others: ReadonlySet<string>; now: Moment };

/** As ConditionStore says. */
export async function recordConditions(tx: Database, look: ConditionLook, at: Date): Promise<ConditionChanges> {
  const now = at.getTime();
  // First, so that two servers that see the same do not both open it.
  await looked(tx, ALL, now);
  const before = await readBefore(tx, look, now);
  const own = ownRows(look, before);
  const others = before.rows.filter(({ server }) => before.others.has(server));
  if (!isSame(before, look.server, own)) await replace(tx, look.server, { own, others: before.others });
  await looked(tx, look.server, now);
  const [was, is] = [byId(before.rows), byId([...others, ...own])];
  return { opened: missingIn(was, is), closed: missingIn(is, was) };
}

async function looked(tx: Database, server: string, at: Moment): Promise<void> {
  await tx
    .insertInto('condition_looks')
    .values({ server, at })
    .onConflict((conflict) => conflict.column('server').doUpdateSet({ at }))
    .execute();
}

async function readBefore(tx: Database, { server, alone }: ConditionLook, now: Moment): Promise<Before> {
  const rows = await tx.selectFrom('conditions').selectAll().execute();
  const looks = await tx.selectFrom('condition_looks').selectAll().execute();
  const fresh = looks.filter((each) => !alone && Math.abs(now - each.at) < STALE).map((each) => each.server);
  return { rows, others: new Set(fresh.filter((each) => each !== server && each !== ALL)), now };
}

/** What this server sees, and what it does not close yet of what no other server answers for. */
function ownRows({ server, seen, closes }: ConditionLook, { rows, others, now }: Before): ConditionTable[] {
  const since = (id: string): Moment => Math.min(now, ...rows.filter((row) => row.id === id).map((row) => row.since));
  const ids = new Set(seen.map(({ id }) => id));
  const left = closes ? [] : rows.filter((row) => !others.has(row.server) && !ids.has(row.id));
  const kept = new Map(left.map((row) => [row.id, { ...row, server, since: since(row.id) }]));
  const own = new Map(
    seen.map((each) => [each.id, { id: each.id, server, since: since(each.id), facts: factsOf(each) }]),
  );
  return [...own.values(), ...kept.values()];
}

function isSame({ rows, others }: Before, server: string, own: readonly ConditionTable[]): boolean {
  const stale = rows.some((row) => row.server !== server && !others.has(row.server));
  const texts = (some: readonly ConditionTable[]): string =>
    JSON.stringify(some.map((row) => [row.id, row.since, row.facts]).sort());
  return !stale && texts(rows.filter((row) => row.server === server)) === texts(own);
}

/** Also removes the rows of servers that do not count any more. */
async function replace(
  tx: Database,
  server: string,
  { own, others }: { own: readonly ConditionTable[]; others: ReadonlySet<string> },
): Promise<void> {
  const staying = [...others, ALL];
  await tx.deleteFrom('conditions').where('server', 'not in', staying).execute();
  await tx
    .deleteFrom('condition_looks')
    .where('server', 'not in', [...staying, server])
    .execute();
  if (own.length > 0)
    await tx
      .insertInto('conditions')
      .values([...own])
      .execute();
}

const factsOf = ({ id: _id, ...facts }: SeenCondition): string => JSON.stringify(facts);

/** Of the rows of several servers the first one, since the earliest moment. */
function byId(rows: readonly ConditionTable[]): Map<string, Condition> {
  const found = new Map<string, Condition>();
  for (const { id, since, facts } of rows) {
    const seen = { id, ...(JSON.parse(facts) as Omit<SeenCondition, 'id'>) };
    const earlier = found.get(id);
    if (!earlier || earlier.since.getTime() > since) found.set(id, conditionSince(seen, new Date(since)));
  }
  return found;
}

const missingIn = (one: ReadonlyMap<string, Condition>, other: ReadonlyMap<string, Condition>): Condition[] =>
  inOrder([...other.values()].filter(({ id }) => !one.has(id)));

/** In the order of `inOrder`. */
export async function listConditions(db: Database): Promise<{ open: Condition[]; checkedAt?: Date }> {
  const rows = await db.selectFrom('conditions').selectAll().execute();
  const all = await db.selectFrom('condition_looks').select('at').where('server', '=', ALL).executeTakeFirst();
  return { open: inOrder([...byId(rows).values()]), ...(all && { checkedAt: new Date(all.at) }) };
}

/** All of them look once a minute. */
export const countServers = async (db: Database): Promise<number> => (await serversOf(db)).length;

/** As StoreStanding says: each look is a sign of life. */
export async function serversOf(db: Database): Promise<ServerSign[]> {
  const looks = await db.selectFrom('condition_looks').selectAll().orderBy('server').execute();
  const last = looks.find(({ server }) => server === ALL)?.at ?? 0;
  const fresh = looks.filter(({ server, at }) => server !== ALL && last - at < STALE);
  return fresh.map(({ server, at }) => ({ id: server, seen: new Date(at) }));
}

/** Of an index alone. */
export async function approvalStanding(db: Database): Promise<OutboxStanding> {
  const { waiting, oldest } = await db
    .selectFrom('transactions')
    .select(({ fn }) => [fn.countAll<number | string>().as('waiting'), fn.min('created_at').as('oldest')])
    .where('state', '=', 'pending')
    .where('csr', 'is not', null)
    .where('reason', '=', 'approval')
    .executeTakeFirstOrThrow();
  return { waiting: Number(waiting), ...(oldest !== null && { oldest: new Date(oldest) }) };
}
