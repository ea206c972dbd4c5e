/** The URIs in a certificate under which its revocation list and the certificate of its issuer can be fetched. */
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit } from '../asn1/tags.ts';
import { certificateExtensions, type CertificateView } from './certificate.ts';
import { findExtension } from './extensions.ts';
import { OID } from './oids.ts';

/** One URI, and what is to be found there. */
export type Pointer = { kind: 'crl' | 'ocsp' | 'caIssuers'; uri: string };

/** `[6]` of GeneralName (RFC 5280 4.2.1.6). */
const URI = implicit(6);
const ACCESS: Readonly<Record<string, Pointer['kind']>> = {
  '1.3.6.1.5.5.7.48.1': 'ocsp',
  '1.3.6.1.5.5.7.48.2': 'caIssuers',
};
const MOST = 100;

/** Those of CRLDistributionPoints and AuthorityInfoAccess (RFC 5280 4.2.1.13, 4.2.2.1). Throws DerError. */
export function pointersIn(view: CertificateView): Pointer[] {
  const extensions = certificateExtensions(view);
  const [points, access] = [OID.cRLDistributionPoints, OID.authorityInfoAccess].map(
    (id) => findExtension(extensions, id)?.value,
  );
  return [
    ...(points ? DerReader.over(points).sequence().each(MOST, listsAt).flat() : []),
    ...(access ? DerReader.over(access).sequence().each(MOST, accessAt).flat() : []),
  ];
}

function listsAt(reader: DerReader): Pointer[] {
  const point = reader.sequence();
  const names = point.enterIf(explicit(0))?.enterIf(explicit(0));
  return names ? names.each(MOST, uriIn).flatMap((uri) => (uri === undefined ? [] : [{ kind: 'crl', uri }])) : [];
}

function accessAt(reader: DerReader): Pointer[] {
  const description = reader.sequence();
  const kind = ACCESS[description.oid()];
  const uri = uriIn(description);
  return kind && uri !== undefined ? [{ kind, uri }] : [];
}

/** Undefined for another kind of name. */
const uriIn = (reader: DerReader): string | undefined =>
  reader.tag === URI ? Buffer.from(reader.read(URI)).toString('latin1') : void reader.element();
