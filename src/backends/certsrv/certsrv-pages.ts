/**
 * The pages of certsrv (*Certification Authority Web Enrollment*). Windows has them in every language: the ids of their elements, their links
 * and their numbers are the same in all of them, and nothing else is looked at.
 */

/** What a page says. `number`: of the request at the CA; `hresult`: the first number of an error on the page. */
export type CertsrvPage =
  | { kind: 'issued'; number: string }
  | { kind: 'pending'; number: string | undefined }
  | { kind: 'denied' | 'failed'; hresult: number | undefined; words: string }
  | { kind: 'unknown' };

/** ICertRequest::GetLastStatus and its siblings: what became of a request. */
const DISPOSITION = { incomplete: 0, denied: 2, underSubmission: 5 };

/**
 * A page that denies counts as that before anything else: its text can quote the subject of the request, which a device has chosen.
 */
export function readCertsrvPage(html: string): CertsrvPage {
  const elements = elementsOf(html);
  const has = (id: string): boolean => elements.some((element) => element.id === id);
  const textAt = (id: string): string => elements.find((element) => element.id === id)?.text ?? '';
  const fault = { hresult: hresultIn(html), words: textAt('locinforeqidandreason') };
  if (has('locdenied')) return { kind: 'denied', ...fault };
  if (has('locdisplabel')) return readError(elements, fault);
  if (has('locinforeqid') || has('locinfochkpnd'))
    return { kind: 'pending', number: onlyNumber([textAt('locinforeqid')]) };
  const number = onlyNumber([...html.matchAll(LINK)].map(([, digits = '']) => digits));
  return number === undefined ? { kind: 'unknown' } : { kind: 'issued', number };
}

const LINK = /certnew\.cer\?ReqID=(\d{1,10})&/gi;

/** The page of an error has what became of the request, in hexadecimal before the element `locDispSpacer`. */
function readError(
  elements: readonly PageElement[],
  fault: { hresult: number | undefined; words: string },
): CertsrvPage {
  const at = elements.findIndex(({ id }) => id === 'locdispspacer');
  const found = /([\dA-F]{1,8})\s*$/i.exec(elements[at - 1]?.text ?? '')?.[1];
  const disposition = found === undefined ? undefined : Number.parseInt(found, 16);
  if (disposition === DISPOSITION.underSubmission || disposition === DISPOSITION.incomplete)
    return { kind: 'pending', number: undefined };
  return { kind: disposition === DISPOSITION.denied ? 'denied' : 'failed', ...fault };
}

/** A tag with its id, in lower case, and the text up to the next tag. */
type PageElement = { id: string | undefined; text: string };

const TAG = /<[^<>]*>/g;
const ID = /\sid\s*=\s*["']?(\w+)/i;

function elementsOf(html: string): PageElement[] {
  const tags = [...html.matchAll(TAG)];
  return tags.map(({ 0: tag, index }, at) => ({
    id: ID.exec(tag)?.[1]?.toLowerCase(),
    text: plain(html.slice(index + tag.length, tags[at + 1]?.index)),
  }));
}

const plain = (text: string): string =>
  text
    .replace(/&#?\w+;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The number that all of these texts name; undefined when they name none or several. */
function onlyNumber(texts: readonly string[]): string | undefined {
  const [first, ...others] = new Set(texts.flatMap((text) => text.match(/\d+/g) ?? []));
  return others.length === 0 && first !== undefined && first.length <= 10 ? first : undefined;
}

/** Those of failures have the highest bit. */
function hresultIn(html: string): number | undefined {
  const digits = /\b0x([89a-f][\da-f]{7})\b/i.exec(html)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
