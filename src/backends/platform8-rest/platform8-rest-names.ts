/** The names of a request as attributes of a profile of DigiCert PKI Platform 8, in the form of its REST interface. */
import type { CertificationRequest, GeneralName } from '../../core/request.ts';
import { asObject, field, textField } from '../../outbound/untrusted-json.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { attributeName, readName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { backendFault } from '../backend-fault.ts';

/** A name that the profile has room for. `id` is of the profile and stands in the order; `fixed`: the profile has its value. */
export type NamePlace = { id: string; type: string; mandatory: boolean; fixed: boolean };

/** Of the subject, by OID. */
const SUBJECT: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'common_name'],
  ['2.5.4.4', 'surname'],
  ['2.5.4.6', 'country'],
  ['2.5.4.10', 'organization_name'],
  ['2.5.4.11', 'organization_unit'],
  ['2.5.4.42', 'given_name'],
  ['1.2.840.113549.1.9.1', 'email'],
]);
/** Those of which an order may have several. */
const LISTS: ReadonlySet<string> = new Set(['organization_unit']);

/** Of the subjectAltName. DigiCert takes one address, one user principal name and one mail address. */
const ALT_NAMES: ReadonlyMap<string, string> = new Map([
  ['dns', 'dns_name'],
  ['ip', 'ip_address'],
  ['email', 'rfc822_name'],
  ['upn', 'user_principal_name'],
]);
const ONCE: ReadonlySet<string> = new Set(['ip_address', 'rfc822_name', 'user_principal_name']);

/** The places of a profile, as `GET /profile/{id}` gives it. */
export function placesOf(profile: object | undefined): NamePlace[] {
  const extensions = asObject(field(asObject(field(profile, 'certificate')), 'extensions'));
  const attributes = [field(asObject(field(extensions, 'san')), 'attributes')].flat().map(asObject);
  return attributes.flatMap((attribute) => {
    const [id, type] = [textField(attribute, 'id'), textField(attribute, 'type')];
    if (id === undefined || type === undefined) return [];
    const fixed = textField(attribute, 'value') !== undefined;
    return [{ id, type: type.toLowerCase(), mandatory: field(attribute, 'mandatory') === true, fixed }];
  });
}

/** The mandatory place that no request can fill; undefined when there is none. */
export const unfillable = (places: readonly NamePlace[]): NamePlace | undefined =>
  places.find(({ mandatory, fixed, type }) => mandatory && !fixed && ![...ALT_NAMES.values()].includes(type));

/** The attributes of an order. Throws IssuerError, which is final, for a name without a place and for a mandatory place without a name. */
export function attributesFor({ subject, extensions }: CertificationRequest, places: readonly NamePlace[]): object {
  const extension = findExtension(extensions, OID.subjectAltName);
  const names = extension ? readGeneralNames(extension.value).map(typedName) : [];
  const open = places.filter(({ fixed }) => !fixed);
  const placed = names.map(({ type, value }, index) => {
    const earlier = names.slice(0, index).filter((other) => other.type === type).length;
    const place = open.filter((each) => each.type === type)[earlier];
    if (!place || (ONCE.has(type) && earlier > 0))
      throw unsendable(`the profile has no place for ${type} ${earlier + 1}`);
    return { id: place.id, type, mandatory: place.mandatory, value };
  });
  const lacking = open.find(({ id, mandatory }) => mandatory && !placed.some((each) => each.id === id));
  if (lacking) throw unsendable(`the profile demands ${lacking.type}, which it does not have`);
  return { ...subjectOf(subject), ...(placed.length > 0 && { san: Object.groupBy(placed, ({ type }) => type) }) };
}

/** Of the other names only the user principal name is text; the others have the OID of their type in its place. */
function typedName({ type, text }: GeneralName): { type: string; value: string } {
  const kind = type === 'otherName' && !/^\d+(\.\d+)+$/.test(text) ? 'upn' : type;
  const known = ALT_NAMES.get(kind);
  if (known === undefined) throw unsendable(`subjectAltName ${kind} has no attribute there`);
  return { type: known, value: text };
}

function subjectOf(subject: Uint8Array): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const { type, text } of readName(subject).flat()) {
    const name = SUBJECT.get(type);
    if (name === undefined) throw unsendable(`${attributeName(type)} has no attribute there`);
    const before = values[name];
    if (before !== undefined && !LISTS.has(name)) throw unsendable(`it takes one ${attributeName(type)}`);
    values[name] = LISTS.has(name) ? [...[before ?? []].flat(), text] : text;
  }
  return values;
}

const unsendable = (why: string) =>
  backendFault('invalid', `DigiCert PKI Platform 8 cannot be asked for the names of the request: ${why}`);
