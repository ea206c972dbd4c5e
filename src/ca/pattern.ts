/**
 * Patterns in which `*` stands for any text. A text is read once, whatever the pattern: the time is bounded by the length of
 * both, where a regular expression with several `*` can take hours for a text that an attacker chose.
 */

/** What `*` does not stand for. With `escapes` a backslash and the character after it count as one that it stands for. */
export type Wildcard = { stops: string; escapes: boolean; ignoresCase: boolean };

/** Whether a text is as the pattern says. */
export type Matches = (text: string) => boolean;

/** A pattern, compiled once. */
export function compiledPattern(pattern: string, wildcard: Wildcard): Matches {
  const fold = (text: string): string => (wildcard.ignoresCase ? text.toLowerCase() : text);
  const steps = stepsOf(fold(pattern));
  return (text) => {
    let places = reached(new Set([0]), steps);
    for (const character of fold(text)) {
      places = reached(next(places, character, { steps, wildcard }), steps);
      if (places.size === 0) return false;
    }
    return places.has(steps.length);
  };
}

/** One for each character of the pattern; undefined for `*`. */
type Steps = readonly (string | undefined)[];

const stepsOf = (pattern: string): Steps =>
  Array.from(pattern, (character) => (character === '*' ? undefined : character));

/** `*` stands for no text too. A place within an escape is half a step behind its `*`. */
function reached(places: Set<number>, steps: Steps): Set<number> {
  for (const place of places)
    if (Number.isInteger(place) && place < steps.length && steps[place] === undefined) places.add(place + 1);
  return places;
}

function next(
  places: ReadonlySet<number>,
  character: string,
  { steps, wildcard }: { steps: Steps; wildcard: Wildcard },
): Set<number> {
  const after = new Set<number>();
  for (const place of places) {
    if (!Number.isInteger(place)) after.add(place - 0.5);
    else if (place === steps.length) continue;
    else if (steps[place] === character) after.add(place + 1);
    else if (steps[place] !== undefined) continue;
    else if (wildcard.escapes && character === '\\') after.add(place + 0.5);
    else if (!wildcard.stops.includes(character)) after.add(place);
  }
  return after;
}
