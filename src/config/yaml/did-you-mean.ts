/** Suggests a known word for a misspelt one. */

/** The most similar of the words; undefined when none is similar enough. Letter case makes no difference. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, distance: distance(written.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** A remedy: the similar word, or the list of all words. */
export function didYouMean(written: string, words: readonly string[]): string {
  const word = nearest(written, words);
  if (word !== undefined) return `Did you mean \`${word}\`?`;
  return words.length === 0 ? 'None is defined yet.' : `Known: ${words.map((word) => `\`${word}\``).join(', ')}.`;
}

/** Letters to insert, delete or replace (Levenshtein distance); two swapped neighbours count as one step. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swap));
    }
  }
  return at(a.length, b.length);
}
