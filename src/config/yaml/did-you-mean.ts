/** Finds the word that somebody meant when he wrote another. */

/** The nearest of the words when it is near enough to be meant; letter case does not count. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, distance: distance(written.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** A remedy: the word that was meant, or all there are. */
export function didYouMean(written: string, words: readonly string[]): string {
  const word = nearest(written, words);
  if (word !== undefined) return `Did you mean \`${word}\`?`;
  return words.length === 0 ? 'There is none yet.' : `There is: ${words.map((word) => `\`${word}\``).join(', ')}.`;
}

/** Letters to insert, delete or replace (Levenshtein), with two swapped neighbours counted once. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          rows[i - 1]![j]! + 1,
          row[j - 1]! + 1,
          rows[i - 1]![j - 1]! + same,
          swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
