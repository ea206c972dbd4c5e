/** What DigiCert PKI Platform 8 answers. */
import { catchDerError } from '../../asn1/limits.ts';
import { DerReader } from '../../asn1/reader.ts';
import { explicit, TAG } from '../../asn1/tags.ts';
import type { IssuerError } from '../../core/errors.ts';
import { redacted } from '../../outbound/untrusted-json.ts';
import type { BackendReply } from '../backend-call.ts';
import { backendFault } from '../backend-fault.ts';
import { elementsNamed, readXml, type XmlElement } from '../strict-xml.ts';
import { NAMESPACE } from './platform8-envelopes.ts';

/** The body of a reply. Throws IssuerError for a fault, another status, and a document that is no SOAP 1.1. */
export function bodyOf({ status, octets, headers }: BackendReply, doing: string): XmlElement {
  const what = `DigiCert PKI Platform, ${doing}`;
  if (status === 401 || status === 403)
    throw backendFault('unauthorised', `${what}: HTTP ${status}. Is the RA certificate valid, and of this account?`);
  const isXml = /^(text|application)\/(soap\+)?xml\b/i.test(headers['content-type'] ?? '');
  if (!isXml) throw backendFault('unavailable', `${what}: HTTP ${status} without XML`);
  const root = readXml(octets.toString('utf8'));
  const body = root.children.find(({ namespace, name }) => namespace === NAMESPACE.soap && name === 'Body');
  if (root.namespace !== NAMESPACE.soap || root.name !== 'Envelope' || !body)
    throw backendFault('unavailable', `${what}: HTTP ${status} without SOAP`);
  const [fault] = elementsNamed(body, 'Fault', [NAMESPACE.soap]);
  if (fault) throw faultOf(fault, what);
  if (status !== 200) throw backendFault('unavailable', `${what}: HTTP ${status}`);
  return body;
}

/** Their namespaces are not published. A fault of the server that has no code of the service says nothing about the request. */
function faultOf(fault: XmlElement, what: string): IssuerError {
  const all = descendants(fault);
  const textOf = (wanted: string): string | undefined =>
    all.find(({ name }) => name.toLowerCase() === wanted)?.text.trim() || undefined;
  const said = ['errorcode', 'message', 'faultstring'].map(textOf).filter((text) => text !== undefined);
  const isServer = textOf('errorcode') === undefined && /(^|:)Server$/.test(textOf('faultcode') ?? '');
  const words = redacted(said.join(': '), []) || 'a fault without words';
  return backendFault(isServer ? 'unknown-outcome' : 'rejected', `${what}: ${words}`);
}

const descendants = (element: XmlElement): XmlElement[] =>
  element.children.flatMap((child) => [child, ...descendants(child)]);

/** What a reply to an order has: certificates, DER, or the reference of one that waits. */
export type TokenReply = { certificates: Uint8Array[] } | { pending: string };

/** Throws IssuerError when it has neither. */
export function tokenIn(body: XmlElement): TokenReply {
  const find = (name: string): string | undefined => elementsNamed(body, name, [NAMESPACE.enrollment])[0]?.text.trim();
  const pending = find('pendingTokenReferenceID');
  const token = find('binarySecurityToken');
  if (token === undefined && pending) return { pending };
  const certificates = catchDerError(
    () => certificatesOf(Buffer.from(token ?? '', 'base64')),
    () => [],
  );
  if (certificates.length > 0) return { certificates };
  throw backendFault(
    'unknown-outcome',
    'DigiCert PKI Platform answered an order with neither a certificate nor a reference',
  );
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
/** More than any chain has. */
const MOST = 16;

/** Those of a PKCS#7 without signers (RFC 2315), in its order; or the one certificate itself. Throws DerError. */
export function certificatesOf(der: Uint8Array): Uint8Array[] {
  const outer = DerReader.over(der).sequence();
  if (outer.tag !== TAG.oid) return [der];
  if (outer.oid() !== SIGNED_DATA) return [];
  const signed = outer.enter(explicit(0)).sequence();
  signed.smallInteger();
  signed.set();
  signed.sequence();
  const certificates = signed.enterIf(explicit(0));
  return certificates?.each(MOST, (list) => list.raw(TAG.sequence)) ?? [];
}
