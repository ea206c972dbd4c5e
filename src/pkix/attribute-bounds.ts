/** How long a value of a name may be. */
import { ATTRIBUTES } from './name.ts';

/** The most characters of one value, by attribute type: ub-common-name and the others of RFC 5280 A.1 and X.520. */
export const MOST_CHARACTERS: ReadonlyMap<string, number> = new Map<string, number>([
  [ATTRIBUTES.CN, 64],
  [ATTRIBUTES.O, 64],
  [ATTRIBUTES.OU, 64],
  [ATTRIBUTES.title, 64],
  [ATTRIBUTES.serialNumber, 64],
  [ATTRIBUTES.L, 128],
  [ATTRIBUTES.ST, 128],
  [ATTRIBUTES.E, 255],
]);
