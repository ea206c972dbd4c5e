/** Two tables side by side, in one pass over both. */
import { createHash } from 'node:crypto';
import { type ComparedRow, compareKeys, isInOrder, type Key } from './table-rows.ts';

/** How many rows, and SHA-256 over all of them in their order, hexadecimal. */
type Content = { rows: number; sha256: string };

/** What one pass over both finds. */
export type Comparison = {
  source: Content;
  copy: Content;
  /** The first row of the source that the copy has not, and how many there are. */
  lost?: Key;
  missing: number;
  /** The first row of the copy that the source has not, or has otherwise. */
  other?: Key;
  /** No row up to this one is missing. */
  complete?: Key;
};

/** Both in the order of `compareKeys`. `told` gets the number of rows from time to time. */
export async function compareTables(
  source: AsyncIterator<ComparedRow>,
  copy: AsyncIterator<ComparedRow>,
  told: (rows: number) => void,
): Promise<Comparison> {
  const [sides, found] = [[sideOf(source, told), sideOf(copy)] as const, { missing: 0 } as Found];
  let [own, copied] = [await sides[0].next(), await sides[1].next()];
  while (own || copied) {
    const order = orderOf(own, copied);
    note(found, order, { own, copied });
    const [passed, copyPassed] = [order <= 0, order >= 0];
    if (passed) own = await sides[0].next();
    if (copyPassed) copied = await sides[1].next();
  }
  return { ...found, source: sides[0].content(), copy: sides[1].content() };
}

const orderOf = (own: ComparedRow | undefined, copied: ComparedRow | undefined): number => {
  if (own && copied) return compareKeys(own.key, copied.key);
  return own ? -1 : 1;
};

type Found = Omit<Comparison, 'source' | 'copy'>;
type Both = { own: ComparedRow | undefined; copied: ComparedRow | undefined };

/** `order`: below zero when only the source has the row, above when only the copy has it. */
function note(found: Found, order: number, { own, copied }: Both): void {
  if (copied && (order > 0 || (order === 0 && own?.text !== copied.text))) found.other ??= copied.key;
  if (!own || order > 0) return;
  if (order < 0) {
    found.missing++;
    found.lost ??= own.key;
    // It is read last, and is anywhere in the table.
    if (!isInOrder(own.key)) delete found.complete;
  } else if (!found.lost && isInOrder(own.key)) found.complete = own.key;
}

const TOLD_EVERY = 1_000;

/** Counts what is read. */
function sideOf(rows: AsyncIterator<ComparedRow>, told?: (rows: number) => void) {
  const hash = createHash('sha256');
  let count = 0;
  return {
    async next(): Promise<ComparedRow | undefined> {
      const read = await rows.next();
      if (read.done) return undefined;
      const row: ComparedRow = read.value;
      hash.update(row.text).update('\n');
      if (++count % TOLD_EVERY === 0) told?.(count);
      return row;
    },
    content: (): Content => ({ rows: count, sha256: hash.digest('hex') }),
  };
}
