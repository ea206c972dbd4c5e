/** Entries from which was taken what they said about a person, and the entries that say so. */
import type { ChainedEntry } from '../core/audit-chain.ts';

type Range = readonly [first: number, last: number];

/** The numbers as a text, ascending: `1-3, 9`. */
export function numbersText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(rangeText).join(', ');
}

const rangeText = ([first, last]: Range): string => (first === last ? `${first}` : `${first}-${last}`);

/** What the detail of an entry `erased` begins with. */
const BEGINNING = /^entries: ([\d, -]+)/;

/** The detail of an entry `erased`: which entries, by their numbers in the chain, and how many of what else. */
export const erasedDetail = (numbers: readonly number[], more: { certificates: number; requests: number }): string =>
  `entries: ${numbers.length > 0 ? numbersText(numbers) : 'none'}; certificates: ${more.certificates}; requests: ${more.requests}`;

const rangesIn = (detail: string): Range[] =>
  (BEGINNING.exec(detail)?.[1] ?? '').split(',').map((part): Range => {
    const [first = NaN, last = first] = part.split('-').map(Number);
    return [first, last];
  });

/** Whether the entry says nothing about a person. */
export const isBare = ({ actor, detail, challenge }: ChainedEntry): boolean =>
  [actor.name, actor.address, detail, challenge].every((each) => each === undefined);

/** Compares the entries that were erased with those that say so, which come after them in the chain. */
export function erasures() {
  const bare: number[] = [];
  const marks: { number: number; ranges: Range[] }[] = [];
  const isMarked = (erased: number): boolean =>
    marks.some(
      ({ number, ranges }) => erased < number && ranges.some(([first, last]) => erased >= first && erased <= last),
    );
  return {
    /** An entry without salt, whose hash fits. */
    erased: (number: number): void => void bare.push(number),
    /** An entry whose hash fits. */
    whole(number: number, { event, detail = '' }: ChainedEntry): void {
      if (event === 'erased') marks.push({ number, ranges: rangesIn(detail) });
    },
    /** At the end of the chain. */
    found(): { faults: string[]; notes: string[] } {
      const marked = bare.filter(isMarked);
      return {
        faults: bare.filter((number) => !isMarked(number)).map((number) => `entry ${number} ${UNMARKED}`),
        notes:
          marked.length > 0
            ? [
                `what ${marked.length === 1 ? 'entry' : 'entries'} ${numbersText(marked)} said about a person was erased`,
              ]
            : [],
      };
    },
  };
}

const UNMARKED =
  'was changed: its link has lost its salt, and no later entry of the chain says that it was erased (one from a moment ago has its link in five seconds)';
