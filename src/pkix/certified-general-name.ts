/** Checks names of a subjectAltName by their kind: what every reader of certificates understands (RFC 5280 4.2.1.6). */
import { catchDerError } from '../asn1/limits.ts';
import { oidText } from '../asn1/oid.ts';
import { DerReader } from '../asn1/reader.ts';
import type { GeneralName, GeneralNameType } from '../core/request.ts';
import { equalBytes } from '../core/bytes.ts';
import { certifiedName, textFault } from './certified-name.ts';
import { readOtherName } from './general-name.ts';
import { isEmptyName } from './name.ts';
import { OID } from './oids.ts';

/** RFC 1034 3.5 and RFC 1123 2.1: letters, digits and hyphens, and no hyphen at the ends of a label. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** The same with `_`, which names of Windows computers have and every reader takes. */
const DEVICE_LABEL = LABEL.replaceAll('a-z0-9', 'a-z0-9_');
const HOST_NAME = new RegExp(`^(?:\\*\\.)?${DEVICE_LABEL}(?:\\.${DEVICE_LABEL})*$`, 'i');
const LONGEST_HOST_NAME = 253;

/** RFC 5321 4.1.2 without quoted local parts, comments and angle brackets. */
const MAILBOX = new RegExp(`^[a-z0-9!#$%&'*+/=?^_\`{|}~.-]+@(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]+\\])$`, 'i');

/**
 * RFC 3986: a scheme, and what follows it. Network access control has `ID:Microsoft Endpoint Manager:GUID:…`, so spaces
 * are allowed where no host can be.
 */
const URI = /^[a-z][a-z0-9+.-]*:(?:\/\/(?<authority>[^/?# ]*)(?:[/?#][^ ]*)?|(?!\/\/).+)$/i;
const URI_CHARACTERS = /^(?:[!#$&-;=?-[\]_a-z~ ]|%[0-9a-f]{2})*$/i;
/** Real URIs of devices have an identifier for a host: `IntuneDeviceId://…`, also with `_`. */
const AUTHORITY = /^(?:[^@[\]]*@)?(?:(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)?|\[(?<address>[0-9a-f:.]+)\])(?::\d{0,5})?$/i;

const isUri = (text: string): boolean => {
  const { authority = '' } = URI.exec(text)?.groups ?? {};
  const host = AUTHORITY.exec(authority);
  // Go reads no certificate with another text in the brackets (RFC 3986 3.2.2).
  const address = host?.groups?.['address'] ?? '::';
  return URI.test(text) && URI_CHARACTERS.test(text) && host !== null && URL.canParse(`http://[${address}]`);
};

/** For each kind, what is wrong with the content of a name; undefined when nothing is. Throws DerError when malformed. */
const CHECKS: Readonly<Record<GeneralNameType, (content: Uint8Array, text: string) => string | undefined>> = {
  otherName: otherNameFault,
  email: (_, text) => (MAILBOX.test(text) ? undefined : 'a text that is no e-mail address'),
  dns: (_, text) =>
    HOST_NAME.test(text) && text.length <= LONGEST_HOST_NAME ? undefined : 'a text that is no host name',
  uri: (_, text) => (isUri(text) ? undefined : 'a text that is no URI'),
  ip: ({ length }) => (length === 4 || length === 16 ? undefined : `${length} octets, and an IP address has 4 or 16`),
  directory: directoryFault,
  registeredId: registeredIdFault,
  x400: () => 'a kind of name that few readers know',
  ediParty: () => 'a kind of name that few readers know',
};

/** What is wrong with a name, as text; undefined when every reader understands it. */
export function generalNameFault({ type, der, text }: GeneralName): string | undefined {
  if (/\p{Cc}/u.test(text)) return 'control characters';
  return catchDerError(
    () => CHECKS[type](DerReader.over(der).element().content, text),
    ({ message }) => message,
  );
}

function otherNameFault(content: Uint8Array, text: string): string | undefined {
  const { type, value } = readOtherName(content);
  if (type === OID.userPrincipalName) return textFault(value.tag, text);
  assertWellFormed(DerReader.over(value.der));
  return undefined;
}

function registeredIdFault(content: Uint8Array): undefined {
  oidText(content);
}

/** The octets of a subjectAltName are certified as they are, so a Name that needs another string type is refused. */
function directoryFault(content: Uint8Array): string | undefined {
  if (isEmptyName(content)) return 'a directoryName without attributes';
  return equalBytes(certifiedName(content), content) ? undefined : 'a string type that not all readers understand';
}

const CONSTRUCTED = 0x20;

/** Reads every element, at every level. Throws DerError when one is not DER. */
function assertWellFormed(reader: DerReader): void {
  while (!reader.done) {
    if ((reader.tag & CONSTRUCTED) === 0) reader.element();
    else assertWellFormed(reader.enter(reader.tag));
  }
}
