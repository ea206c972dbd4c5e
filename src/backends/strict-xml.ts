/** A small strict reader of XML (with namespaces), for answers of CAs: no document types, no entities of their own, bounded in size and depth. */
import { backendFault } from './backend-fault.ts';

/** One element. `text`: its own text, without that of its children. */
export type XmlElement = {
  namespace: string;
  /** Without its prefix. */
  name: string;
  /** Those without a prefix. */
  attributes: ReadonlyMap<string, string>;
  children: readonly XmlElement[];
  text: string;
};

const MOST_OCTETS = 2 ** 20;
const DEEPEST = 64;
/** Prefixes declared for one element, with those above it: each element below costs as much. */
const MOST_PREFIXES = 64;

const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const ATTRIBUTE = `\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`;
const ATTRIBUTES = new RegExp(ATTRIBUTE, 'gy');
/** A comment, a CDATA section, an end, a beginning, or text. A document type and an instruction are none of these. */
const TOKEN = new RegExp(
  `<!--((?:(?!--)[^])*)-->|<!\\[CDATA\\[([^]*?)\\]\\]>|</(${NAME})\\s*>|<(${NAME})((?:${ATTRIBUTE})*)\\s*(/?)>|([^<]+)`,
  'y',
);
const DECLARATION = /^\ufeff?(<\?xml\s[^?<>]*\?>)?/;

type Open = { tag: string; scope: ReadonlyMap<string, string>; element: XmlElement & { children: XmlElement[] } };

/** The root. Throws IssuerError, which says what is wrong with the document and quotes nothing of it. */
export function readXml(text: string): XmlElement {
  if (Buffer.byteLength(text) > MOST_OCTETS) throw unreadable('longer than 1 MiB');
  const top: Open = {
    tag: '',
    scope: new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]),
    element: blank('', ''),
  };
  const open = [top];
  TOKEN.lastIndex = DECLARATION.exec(text)?.[0].length ?? 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text);
    if (!token) throw unreadable('a document type, an instruction or a tag that is not well-formed');
    take(open, token);
  }
  const [root, second] = top.element.children;
  if (open.length > 1 || !root || second || top.element.text.trim() !== '') throw unreadable('not one whole element');
  return root;
}

function take(
  open: Open[],
  [, comment, section, end, begin, attributes = '', , , , empty, written]: RegExpExecArray,
): void {
  const current = open.at(-1);
  if (comment !== undefined || !current) return;
  if (end !== undefined) {
    if (open.length === 1 || current.tag !== end) throw unreadable('an end without its beginning');
    open.pop();
  } else if (begin !== undefined) {
    if (open.length > DEEPEST) throw unreadable(`more than ${DEEPEST} elements deep`);
    const started = startOf(begin, attributes, current.scope);
    current.element.children.push(started.element);
    if (empty === '') open.push(started);
  } else {
    current.element.text += section ?? unescaped(written ?? '');
  }
}

function startOf(tag: string, written: string, above: ReadonlyMap<string, string>): Open {
  const given = new Map<string, string>();
  for (const [, name = '', one, other = ''] of written.matchAll(ATTRIBUTES)) {
    if (given.has(name)) throw unreadable('an attribute twice');
    given.set(name, unescaped(one ?? other));
  }
  const declared = [...given].filter(([name]) => /^xmlns(:|$)/.test(name));
  const scope =
    declared.length === 0
      ? above
      : new Map([...above, ...declared.map(([key, value]): [string, string] => [key.slice(6), value])]);
  if (scope.size > MOST_PREFIXES) throw unreadable(`more than ${MOST_PREFIXES} prefixes`);
  const [name = '', prefix = ''] = tag.split(':').toReversed();
  const namespace = scope.get(prefix) ?? (prefix === '' ? '' : undefined);
  if (namespace === undefined) throw unreadable('a prefix that was not declared');
  const attributes = new Map([...given].filter(([key]) => !key.includes(':')));
  return { tag, scope, element: { ...blank(namespace, name), attributes } };
}

const blank = (namespace: string, name: string) => ({
  namespace,
  name,
  attributes: new Map<string, string>(),
  children: [] as XmlElement[],
  text: '',
});

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

const unescaped = (text: string): string =>
  text.replace(/&([^;&\s]{0,10});?/g, (whole, name: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
    const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
    const character = code <= 0x10ffff ? String.fromCodePoint(code) : ENTITIES.get(name);
    if (character === undefined || !whole.endsWith(';')) throw unreadable('an entity that XML does not have');
    return character;
  });

const unreadable = (what: string) =>
  backendFault('unavailable', `the CA answered with XML that cannot be read: ${what}`, { retryable: true });

/** All elements below with this name, of any namespace among `namespaces`, in the order of the document. */
export function elementsNamed(element: XmlElement, name: string, namespaces: readonly string[]): XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name && namespaces.includes(child.namespace) ? [child] : []),
    ...elementsNamed(child, name, namespaces),
  ]);
}

/** Text for the content of an element or an attribute in double quotes. Throws IssuerError, which is final, for what XML cannot have. */
export function escapedXml(text: string): string {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text))
    throw backendFault('invalid', 'a name of the request has characters that XML cannot have');
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
