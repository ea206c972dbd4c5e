/** The names of a request as attributes of DigiCert Trust Lifecycle Manager. */
import type { CertificationRequest, GeneralName } from '../../core/request.ts';
import { requestedNames } from '../../pkix/certificate-names.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { attributeName, readName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { backendFault } from '../backend-fault.ts';
import type { DigicertSettings } from './digicert-settings.ts';

/** `list`: an array; else there is one value. */
type Attribute = { name: string; list: boolean };
const one = (name: string): Attribute => ({ name, list: false });
const list = (name: string): Attribute => ({ name, list: true });

const SUBJECT: ReadonlyMap<string, Attribute> = new Map([
  ['2.5.4.3', one('common_name')],
  ['2.5.4.4', one('surname')],
  ['2.5.4.5', one('serial_number')],
  ['2.5.4.6', one('country')],
  ['2.5.4.7', one('locality')],
  ['2.5.4.8', one('state')],
  ['2.5.4.9', list('street_address')],
  ['2.5.4.10', one('organization_name')],
  ['2.5.4.11', list('organization_units')],
  ['2.5.4.12', one('title')],
  ['2.5.4.13', list('description')],
  ['2.5.4.17', one('postal_code')],
  ['2.5.4.42', one('given_name')],
  ['2.5.4.46', one('dn_qualifier')],
  ['2.5.4.97', one('organization_identifier')],
  ['0.9.2342.19200300.100.1.25', one('domain_component')],
  ['1.2.840.113549.1.9.1', one('email')],
  ['1.2.840.113549.1.9.2', list('unstructured_name')],
  ['1.2.840.113549.1.9.8', list('unstructured_address')],
]);

const ALT_NAMES: ReadonlyMap<string, Attribute> = new Map([
  ['dns', list('dns_names')],
  ['ip', list('ip_addresses')],
  ['email', list('emails')],
  ['uri', list('uris')],
  ['upn', list('user_principal_names')],
]);

/** Everything that can be sent, in the singular, because profiles name attributes so. */
export const FILLABLE: ReadonlySet<string> = new Set(
  [...SUBJECT.values(), ...ALT_NAMES.values()].map(({ name }) => singular(name)),
);

/** An attribute of a profile as `FILLABLE` has it. */
export function singular(name: string): string {
  const last = name.split('.').at(-1) ?? name;
  return last
    .replace(/\[\]$/, '')
    .replace(/sses$/, 'ss')
    .replace(/([^s])s$/, '$1');
}

type Values = Record<string, string | string[]>;

/** The attributes of an order. Throws IssuerError, which is final, for a name that has no attribute: nothing is left out. */
export function attributesOf({ subject, extensions }: CertificationRequest): object {
  const names = readName(subject).flat();
  const extension = findExtension(extensions, OID.subjectAltName);
  const san = gathered(extension ? readGeneralNames(extension.value).map(altName) : []);
  return {
    subject: gathered(names.map(({ type, text }) => [SUBJECT.get(type), attributeName(type), text])),
    ...(extension && { extensions: { san } }),
  };
}

type Given = readonly [Attribute | undefined, string, string];

/** Of the other names only the user principal name is text; the others have the OID of their type in its place. */
function altName({ type, text }: GeneralName): Given {
  const kind = type === 'otherName' && !/^\d+(\.\d+)+$/.test(text) ? 'upn' : type;
  return [ALT_NAMES.get(kind), `subjectAltName ${kind}`, text];
}

function gathered(given: readonly Given[]): Values {
  const values: Values = {};
  for (const [attribute, what, text] of given) {
    if (!attribute) throw unsendable(`${what} has no attribute there`);
    const before = values[attribute.name];
    if (before !== undefined && !attribute.list) throw unsendable(`it takes one ${what}`);
    values[attribute.name] = attribute.list ? [...[before ?? []].flat(), text] : text;
  }
  return values;
}

const unsendable = (why: string) =>
  backendFault('invalid', `DigiCert cannot be asked for the names of the request: ${why}`);

/** The seat of a request. Throws IssuerError, which is final, when the request has no such name. */
export function seatOf(csr: CertificationRequest, seat: DigicertSettings['seat']): string {
  const found = requestedNames(csr).find(({ kind }) => kind === seat);
  if (!found) throw backendFault('invalid', `the request has no ${seat}, which is to be the seat at DigiCert`);
  return found.value;
}
