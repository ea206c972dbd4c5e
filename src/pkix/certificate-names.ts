/** The names in a certificate by which an administrator looks for it. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import type { CertificateName, CertificateNameKind, RequestName } from '../core/records.ts';
import type { CertificationRequest, GeneralName, GeneralNameType } from '../core/request.ts';
import { certificateExtensions, type CertificateView } from './certificate.ts';
import { findExtension, readGeneralNames } from './extensions.ts';
import { generalNameFromText, readGeneralName } from './general-name.ts';
import { readName } from './name.ts';
import { OID } from './oids.ts';

const BY_ATTRIBUTE: ReadonlyMap<string, CertificateNameKind> = new Map([
  ['2.5.4.3', 'cn'],
  ['1.2.840.113549.1.9.1', 'email'],
]);
const BY_TYPE: Partial<Record<GeneralNameType, CertificateNameKind>> = {
  otherName: 'upn',
  email: 'email',
  dns: 'dns',
  uri: 'uri',
  ip: 'ip',
};
/** How device ids stand in a URI: the first as Microsoft documents it, the second after the variables of a profile. */
const BY_SCHEME: readonly [RegExp, CertificateNameKind][] = [
  [/^IntuneDeviceId:\/\//i, 'intuneDeviceId'],
  [/^(?:AAD_?Device_?ID|AzureADDeviceId|EntraDeviceId):\/\//i, 'entraDeviceId'],
];

/** The names of subject and subjectAltName, each once. Throws DerError when one of the two is malformed. */
export function certificateNames(view: CertificateView): CertificateName[] {
  const alternative = findExtension(certificateExtensions(view), OID.subjectAltName);
  const names = [...subjectNames(view.subject), ...(alternative ? alternativeNames(alternative.value) : [])];
  return [...new Map(names.map((name) => [`${name.kind}:${name.value}`, name])).values()];
}

/** The same of a certification request: what a certificate for it would be found by. */
export function requestedNames({
  subject,
  extensions,
}: Pick<CertificationRequest, 'subject' | 'extensions'>): CertificateName[] {
  const alternative = findExtension(extensions, OID.subjectAltName);
  return [...subjectNames(subject), ...(alternative ? alternativeNames(alternative.value) : [])];
}

/** The same with the serial number of the device, as a trace shows and finds them; none where they cannot be read. */
export const requestNames = ({
  subject,
  extensions,
}: Pick<CertificationRequest, 'subject' | 'extensions'>): RequestName[] =>
  catchDerError(
    () => {
      const alternative = findExtension(extensions, OID.subjectAltName);
      return [...deviceNames(subject), ...(alternative ? alternativeNames(alternative.value) : [])];
    },
    () => [],
  );

const SERIAL_NUMBER = '2.5.4.5';

function deviceNames(subject: Uint8Array): RequestName[] {
  const names: RequestName[] = [];
  for (const attributes of readName(subject))
    for (const { type, text: value } of attributes) {
      const kind = type === SERIAL_NUMBER ? 'serialNumber' : BY_ATTRIBUTE.get(type);
      if (kind !== undefined && value !== '') names.push({ kind, value });
    }
  return names;
}

const subjectNames = (subject: Uint8Array): CertificateName[] =>
  readName(subject)
    .flat()
    .flatMap(({ type, text }) => named(BY_ATTRIBUTE.get(type), text));

const alternativeNames = (value: Uint8Array): CertificateName[] => readGeneralNames(value).flatMap(generalName);

function generalName({ type, text }: GeneralName): CertificateName[] {
  // Of the other names only the user principal name is read; the rest show the OID of their type.
  if (type === 'otherName' && OTHER_TYPE.test(text)) return [];
  for (const [scheme, kind] of type === 'uri' ? BY_SCHEME : [])
    if (scheme.test(text)) return named(kind, text.replace(scheme, ''));
  return named(BY_TYPE[type], text);
}

/**
 * What a certificate with this name is found by: `dns:`, `email:`, `upn:`, `uri:` or `ip:` and its text. Without one of
 * these, every kind of name that the text can be, and both device ids. Throws DerError for a text that the kind excludes.
 */
export function namesOfText(text: string): CertificateName[] {
  const [, kind, value] = /^(dns|email|upn|uri|ip):(.+)$/is.exec(text) ?? [];
  if (kind !== undefined) return nameOfKind(kind.toLowerCase(), value ?? '');
  const ids = [...named('intuneDeviceId', text), ...named('entraDeviceId', text)];
  return [...Object.values(BY_TYPE).flatMap((each) => orNone(() => nameOfKind(each, text))), ...ids];
}

const nameOfKind = (kind: string, value: string): CertificateName[] =>
  generalName(readGeneralName(DerReader.over(generalNameFromText(`${kind}:${value}`))));

const orNone = (read: () => CertificateName[]): CertificateName[] => catchDerError(read, () => []);

const OTHER_TYPE = /^\d+(\.\d+)+$/;

const named = (kind: CertificateNameKind | undefined, value: string): CertificateName[] =>
  kind === undefined || value === '' ? [] : [{ kind, value }];
