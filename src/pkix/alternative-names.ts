/** The subjectAltNames of a certificate as text. */
import { catchDerError } from '../asn1/limits.ts';
import type { GeneralName } from '../core/request.ts';
import { certificateExtensions, readCertificate } from './certificate.ts';
import { findExtension, readGeneralNames } from './extensions.ts';
import { OID } from './oids.ts';

/** `type:text` of each, with blanks between; undefined where there is none, or the certificate cannot be read. */
export const alternativeNamesText = (der: Uint8Array): string | undefined =>
  catchDerError(
    () => {
      const extension = findExtension(certificateExtensions(readCertificate(der)), OID.subjectAltName);
      return extension && readGeneralNames(extension.value).map(nameWithType).join(' ');
    },
    () => undefined,
  );

const nameWithType = ({ type, text }: GeneralName): string => `${type}:${text}`;
