/** A certificate taken apart for people: its key, its signature, its names, and each of its extensions in words. */
import { catchDerError } from '../asn1/limits.ts';
import type { CertificateName } from '../core/records.ts';
import type { Extension } from '../core/request.ts';
import { algorithmText } from '../pkix/algorithm-names.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { certificateExtensions, certificateSignature, readCertificate } from '../pkix/certificate.ts';
import { readBasicConstraints, readExtendedKeyUsage, readGeneralNames, readKeyUsage } from '../pkix/extensions.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { keyText } from '../pkix/key-text.ts';
import { OID, purposeName } from '../pkix/oids.ts';
import { pointersIn } from '../pkix/pointers.ts';

/** `text`: in words, or its octets in hexadecimal. `name`: as RFC 5280 calls it, or its OID. */
export type DecodedExtension = { oid: string; name: string; critical: boolean; text: string };

/** `key`: its kind, such as `RSA 2048`. `pointers`: where its revocation list, its OCSP responder and its issuer are. */
export type DecodedCertificate = {
  key: string;
  signature: string;
  names: CertificateName[];
  extensions: DecodedExtension[];
  pointers: { kind: string; uri: string }[];
};

/** Undefined for octets that were removed, or cannot be read. */
export const decodedCertificate = (der: Uint8Array): DecodedCertificate | undefined =>
  catchDerError(
    () => {
      const view = readCertificate(der);
      return {
        key: keyText(view.spki),
        signature: algorithmText(certificateSignature(view).oid),
        names: orNone(() => certificateNames(view)),
        extensions: orNone(() => certificateExtensions(view).map(decodedExtension)),
        pointers: orNone(() => pointersIn(view)),
      };
    },
    () => undefined,
  );

const orNone = <T>(read: () => T[]): T[] => catchDerError(read, () => []);

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(OID).map(([name, oid]) => [oid, name]));

const WORDS: Readonly<Record<string, (value: Uint8Array) => string>> = {
  [OID.keyUsage]: (value) => readKeyUsage(value).join(', '),
  [OID.extendedKeyUsage]: (value) => readExtendedKeyUsage(value).map(purposeName).join(', '),
  [OID.subjectAltName]: (value) =>
    readGeneralNames(value)
      .map(({ type, text }) => `${type}:${text}`)
      .join(', '),
  [OID.basicConstraints]: (value) => (readBasicConstraints(value).ca ? 'a CA' : 'no CA'),
};

const decodedExtension = ({ oid, critical, value }: Extension): DecodedExtension => ({
  oid,
  name: NAMES.get(oid) ?? oid,
  critical,
  text: catchDerError(
    () => (WORDS[oid] ?? hex)(value),
    () => hex(value),
  ),
});

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** Whether this CA certificate, DER, has the name and the key of the issuer. */
export const isIssuer = (certificate: Uint8Array, issuerId: string): boolean =>
  catchDerError(
    () => issuerIdentity(certificate).issuerId === issuerId,
    () => false,
  );
