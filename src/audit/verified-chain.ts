/** Looks at every link of the chain, and says what does not fit. */
import type { AuditChainStore, AuditLink, ChainPlace, StoredHead } from '../core/audit-chain.ts';
import { erasures, isBare } from './erased-entries.ts';
import { linkHash, personalHash } from './link-hash.ts';

/** What verification reads. */
export type ChainSource = Pick<AuditChainStore, 'listLinks' | 'listHeads' | 'unchained'>;

/** What was found: sentences. `links`: how many were looked at, without those that were removed after their time. */
export type ChainReport = {
  faults: string[];
  notes: string[];
  links: number;
  removed: number;
  end: ChainPlace;
};

/** `heads`: exported ones, or signed ones of the store: the chain must contain each. `isSigned`: whether a removal is authentic. */
export type ChainQuestions = {
  heads: readonly (ChainPlace & { chain: string; what: string })[];
  isSigned: (head: StoredHead, chain: string) => boolean;
};

const PAGE = 500;
/** Strays whose ids are named. */
const NAMED = 20;
/** Faults that are told; more of them say nothing new. */
const MOST = 1_000;

/** Reads the chain from its beginning to its end. Throws what the store throws. */
export async function verifyChain(store: ChainSource, { heads, isSigned }: ChainQuestions): Promise<ChainReport> {
  const stored = await store.listHeads();
  const genesis = stored.find(({ kind }) => kind === 'genesis');
  const walk = chainWalk(genesis, stored, heads);
  for (let after = 0; ; ) {
    const links = await store.listLinks({ after, limit: PAGE });
    const last = links.at(-1);
    if (!last) break;
    for (const link of links) walk.link(link);
    after = last.number;
  }
  const report = walk.end();
  for (const head of stored)
    if (head.kind === 'removed' && !isSigned(head, genesis?.hash ?? ''))
      report.faults.push(
        `the removal of ${span(head.first, head.number)} is not signed: they may have been deleted before their time`,
      );
  report.faults.push(...strayFaults(await store.unchained(NAMED), report));
  report.faults.splice(MOST);
  return report;
}

function strayFaults(
  { waiting, strays, gone }: Awaited<ReturnType<ChainSource['unchained']>>,
  { notes }: ChainReport,
): string[] {
  const here = waiting - gone.length;
  if (here > 0) notes.push(`${here} ${here === 1 ? 'entry waits' : 'entries wait'} for a link`);
  return [
    ...strays.map((id) => `the entry with the id ${id} was inserted: the chain does not have it`),
    ...gone.map((id) => `the entry with the id ${id} was deleted before it had a link`),
  ];
}

const span = (first: number, last: number): string =>
  first === last ? `entry ${first}` : `entries ${first} to ${last}`;

type Expected = ChainQuestions['heads'];

/** The walk along the links, which must come in the order of their numbers. */
function chainWalk(genesis: StoredHead | undefined, stored: readonly StoredHead[], heads: Expected) {
  const faults: string[] = [];
  const notes: string[] = [];
  const removals = new Map(stored.filter(({ kind }) => kind === 'removed').map((head) => [head.first, head]));
  const expected = Map.groupBy(heads, ({ number }) => number);
  const erased = erasures();
  const counts = { links: 0, removed: 0 };
  let at: ChainPlace = { number: 0, hash: genesis?.hash ?? '' };
  // False where the link before is missing: its hash is not known.
  let isKnown = genesis !== undefined;

  function arrive(place: ChainPlace): void {
    at = place;
    for (const { hash, what } of expected.get(place.number) ?? [])
      if (hash !== place.hash)
        faults.push(`the chain up to entry ${place.number} was rewritten: ${what} has another hash`);
  }

  /** Goes over what was removed after its time, from here on. */
  function passRemoved(): void {
    for (let head = removals.get(at.number + 1); head; head = removals.get(at.number + 1)) {
      for (const { number, what } of heads)
        if (number >= head.first && number < head.number)
          notes.push(
            `${what} names entry ${number}, which was removed after its time: only later heads can be compared`,
          );
      counts.removed += head.number - head.first + 1;
      isKnown = true;
      arrive({ number: head.number, hash: head.hash });
    }
  }

  function link(each: AuditLink): void {
    passRemoved();
    if (each.number > at.number + 1) {
      const [first, last] = [at.number + 1, each.number - 1];
      faults.push(`${span(first, last)} ${first === last ? 'was' : 'were'} deleted, out of the chain too`);
      isKnown = false;
    }
    const fault = linkFault(each, isKnown ? at.hash : undefined);
    if (fault !== undefined) faults.push(`entry ${each.number} ${fault}`);
    else if (each.salt === undefined) erased.erased(each.number);
    else if (each.entry) erased.whole(each.number, each.entry);
    counts.links += 1;
    isKnown = true;
    arrive({ number: each.number, hash: each.hash });
  }

  function end(): ChainReport {
    passRemoved();
    if (!genesis && at.number > 0) faults.push('the beginning of the chain was deleted');
    for (const { number, chain, what } of heads) {
      if (chain !== (genesis?.hash ?? '')) faults.push(`${what} is of another chain, or this one was begun again`);
      else if (number > at.number)
        faults.push(`the chain was cut off: it ends at entry ${at.number}, and ${what} was made at entry ${number}`);
    }
    const { faults: unmarked, notes: marked } = erased.found();
    return { faults: [...faults, ...unmarked], notes: [...notes, ...marked], ...counts, end: at };
  }

  return { link, end };
}

/** `before`: undefined where it is not known. */
function linkFault({ number, hash, salt, personal, entry }: AuditLink, before: string | undefined): string | undefined {
  if (!entry) return 'was deleted: its link has no entry';
  const ofPerson = salt === undefined ? personal : personalHash(salt, entry);
  if (ofPerson === undefined) return 'was changed: its link has lost its salt';
  if (salt === undefined && !isBare(entry))
    return 'was changed: it was erased, and says something about a person again';
  if (before === undefined) return undefined;
  if (linkHash({ number, before, entry, personal: ofPerson }) === hash) return undefined;
  return 'was changed or moved: its hash does not fit its content and its place';
}
