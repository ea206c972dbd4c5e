/** How the block list compares what people write with what devices send: other spellings of a value are the same value. */
import { type BlockKind, type BlockName, LONGEST_BLOCK } from './records.ts';

const GUID = /(?=([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}))/g;
const WITHOUT_HYPHENS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/**
 * In lower case; composed and full-width characters, dashes and spaces in one form, because documents and chats change
 * them; invisible characters are left out.
 */
export const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();

/** The ids in a text, each once. Two that overlap are both there, so that none hides the other. */
export const guidsIn = (text: string): string[] => [
  ...new Set([...folded(text).matchAll(GUID)].map(([, guid = '']) => guid)),
];

/** The name of an entry with this value; undefined when it has no value, or is too long for the list. */
export function blockNameOf(kind: BlockKind, text: string): BlockName | undefined {
  const value = kind === 'device' ? deviceValue(text) : folded(text);
  const name: BlockName = `${kind}:${value}`;
  return value !== '' && name.length <= LONGEST_BLOCK ? name : undefined;
}

/** The one id in the text, however it is written; otherwise the text, which may be the name of the device. */
function deviceValue(text: string): string {
  const value = folded(text)
    .replace(/^\{(.*)\}$/, '$1')
    .trim()
    .replace(WITHOUT_HYPHENS, '$1-$2-$3-$4-$5');
  const [only, ...others] = guidsIn(value);
  return only !== undefined && others.length === 0 ? only : value;
}
