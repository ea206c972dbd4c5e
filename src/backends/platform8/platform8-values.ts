/** What a profile of DigiCert PKI Platform 8 asks for, filled from a request: the fallbacks of Intune's connector. */
import { catchDerError } from '../../asn1/limits.ts';
import { DerReader } from '../../asn1/reader.ts';
import { explicit } from '../../asn1/tags.ts';
import type { CertificationRequest } from '../../core/request.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { readOtherName } from '../../pkix/general-name.ts';
import { ATTRIBUTES, readName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { backendFault } from '../backend-fault.ts';
import type { NamedValue } from './platform8-envelopes.ts';

/** One attribute of a profile. `name`: of the pair that is sent for it. */
export type PolicyAttribute = { attribute: string; name: string; mandatory: boolean };

/** The names of a request by which attributes are filled. `otherName`: DER. */
export type Platform8Names = {
  cn?: string;
  country?: string;
  givenName?: string;
  surname?: string;
  email?: string;
  upn?: string;
  otherName?: Uint8Array;
};

const isEmail = (text: string | undefined): boolean => /^[^\s@]+@[^\s@]+$/.test(text ?? '');
const emailLike = ({ cn }: Platform8Names): string | undefined => (isEmail(cn) ? cn : undefined);
const email = (names: Platform8Names): string | undefined => names.email ?? names.upn ?? emailLike(names);
const upn = (names: Platform8Names): string | undefined => names.upn ?? names.email ?? emailLike(names);
const otherName = ({ otherName: der }: Platform8Names): string | undefined =>
  der && Buffer.from(der).toString('base64');

/** By the name of an attribute in lower case. */
const FILLERS: ReadonlyMap<string, (names: Platform8Names) => string | undefined> = new Map([
  ['altnametypeemail', email],
  ['altnametypeupn', upn],
  ['altnametypeothername', otherName],
  ['othernameupn', upn],
  ['mail', email],
  ['mail_email', email],
  ['emailaddress', email],
  ['common_name', ({ cn }) => cn],
  ['commonname', ({ cn }) => cn],
  ['country', ({ country }) => country],
  ['mail_firstname', ({ givenName }) => givenName],
  ['mail_lastname', ({ surname }) => surname],
]);

const fillerOf = ({ attribute, name }: PolicyAttribute) =>
  FILLERS.get(attribute.toLowerCase()) ?? FILLERS.get(name.toLowerCase());

/** Whether some request can have it. The seat is sent always. */
export const isFillable = (attribute: PolicyAttribute): boolean =>
  attribute.name === SEAT || fillerOf(attribute) !== undefined;

const SEAT = 'seat_id';

/** The pairs of an order. Throws IssuerError, which is final, when the request has nothing for a mandatory attribute. */
export function valuesFor(names: Platform8Names, seat: string, policy: readonly PolicyAttribute[]): NamedValue[] {
  const values: NamedValue[] = [{ name: SEAT, value: seat }];
  for (const attribute of policy.filter(({ name }) => name !== SEAT)) {
    const value = fillerOf(attribute)?.(names);
    if (value !== undefined) values.push({ name: attribute.name, value });
    else if (attribute.mandatory)
      throw backendFault(
        'invalid',
        `the request has nothing for ${attribute.attribute}, which the DigiCert profile demands`,
      );
  }
  return values;
}

/** The names of a request. Throws DerError. */
export function platform8Names({ subject, extensions }: CertificationRequest): Platform8Names {
  const found: Platform8Names = {};
  const set = <K extends keyof Platform8Names>(key: K, value: Platform8Names[K]): void => void (found[key] ??= value);
  const byType = {
    [ATTRIBUTES.CN]: 'cn',
    [ATTRIBUTES.C]: 'country',
    [ATTRIBUTES.G]: 'givenName',
    [ATTRIBUTES.SN]: 'surname',
  } as const;
  for (const { type, text } of readName(subject).flat())
    if (type in byType) set(byType[type as keyof typeof byType], text);
  const extension = findExtension(extensions, OID.subjectAltName);
  for (const { type, text, der } of extension ? readGeneralNames(extension.value) : [])
    if (type === 'email') set('email', text);
    else if (type === 'otherName' && isUpn(der)) set('upn', text);
    else if (type === 'otherName') set('otherName', der);
  return found;
}

const isUpn = (der: Uint8Array): boolean =>
  catchDerError(
    () => readOtherName(DerReader.over(der).read(explicit(0))).type === OID.userPrincipalName,
    () => false,
  );
