/** The variables of subject and subjectAltName templates: the names that Intune has for them, and where their values come from. */

/** A user of Entra, by the properties of Microsoft Graph. What is absent, null or empty has no value. */
export type TemplateUser = Partial<
  Record<
    | 'userPrincipalName'
    | 'mail'
    | 'givenName'
    | 'surname'
    | 'department'
    | 'onPremisesDistinguishedName'
    | 'onPremisesSamAccountName'
    | 'onPremisesDomainName'
    | 'onPremisesSecurityIdentifier',
    string | null | undefined
  >
>;

/** A managedDevice of Intune, by the properties of Microsoft Graph, and its `domain`, which Graph does not have. */
export type TemplateDevice = Partial<
  Record<
    'azureADDeviceId' | 'id' | 'serialNumber' | 'imei' | 'meid' | 'wiFiMacAddress' | 'deviceName' | 'domain',
    string | null | undefined
  >
>;

/** Whom a certificate is for. */
export type TemplateValues = { user: TemplateUser; device?: TemplateDevice };

/** What Microsoft's pages say in different ways, and how long a value may be. */
export type TemplateRules = {
  /** `{{UserName}}`: the user principal name, as in PKCS profiles, or what is before its `@`, as in SCEP profiles. */
  userName: 'upn' | 'local';
  /** `{{onPremisesSamAccountName}}` is `DOMAIN\name`. */
  domainName: boolean;
  /** Values may be longer than X.520 permits, up to 1,024 characters. */
  longNames: boolean;
};

/** What a template cannot do. The message names the variable or the part of the template, and never anything else of a person. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** `source`: the properties that must have a value, for the error. */
type Variable = {
  name: string;
  source: string;
  value: (from: TemplateValues, rules: TemplateRules) => string | null | undefined;
};

const joined = (separator: string, ...parts: readonly (string | null | undefined)[]): string | undefined =>
  parts.every(Boolean) ? parts.join(separator) : undefined;

const user = (name: string, property: keyof TemplateUser): Variable => ({
  name,
  source: `user.${property}`,
  value: (from) => from.user[property],
});
const device = (name: string, property: keyof TemplateDevice): Variable => ({
  name,
  source: `managedDevice.${property}`,
  value: (from) => from.device?.[property],
});

const VARIABLES: readonly Variable[] = [
  {
    ...user('UserName', 'userPrincipalName'),
    value: ({ user: { userPrincipalName: upn } }, { userName }) =>
      userName === 'upn' ? upn : upn?.replace(/@[^@]*$/, ''),
  },
  user('UserPrincipalName', 'userPrincipalName'),
  user('EmailAddress', 'mail'),
  user('GivenName', 'givenName'),
  user('SurName', 'surname'),
  user('Department', 'department'),
  user('OnPrem_Distinguished_Name', 'onPremisesDistinguishedName'),
  {
    name: 'onPremisesSamAccountName',
    source: 'user.onPremisesSamAccountName (and onPremisesDomainName)',
    value: ({ user: { onPremisesDomainName: domain, onPremisesSamAccountName: name } }, { domainName }) =>
      domainName ? joined('\\', domain, name) : name,
  },
  user('OnPremisesSecurityIdentifier', 'onPremisesSecurityIdentifier'),
  device('AAD_Device_ID', 'azureADDeviceId'),
  device('AzureADDeviceId', 'azureADDeviceId'),
  device('DeviceId', 'id'),
  device('SerialNumber', 'serialNumber'),
  device('Device_Serial', 'serialNumber'),
  device('IMEI', 'imei'),
  device('Device_IMEI', 'imei'),
  device('IMEINumber', 'imei'),
  device('MEID', 'meid'),
  device('WiFiMacAddress', 'wiFiMacAddress'),
  device('DeviceName', 'deviceName'),
  {
    name: 'FullyQualifiedDomainName',
    source: 'managedDevice.deviceName and the domain of the device',
    value: ({ device: of }) => joined('.', of?.deviceName, of?.domain),
  },
];
const BY_NAME: ReadonlyMap<string, Variable> = new Map(VARIABLES.map((each) => [each.name.toLowerCase(), each]));

/** The names of all variables, in the spelling of Microsoft. They are found in any letter case. */
export const TEMPLATE_VARIABLES: readonly string[] = VARIABLES.map(({ name }) => name);

/** A piece of a template: a text, or a variable by one of its names. */
export type TemplatePiece = { text: string } | { variable: string };

/** `{{NAME}}` as a piece. Throws TemplateError for a name that no variable has. */
export function variablePiece(name: string): TemplatePiece {
  const found = BY_NAME.get(name.toLowerCase());
  if (!found) throw new TemplateError(`{{${name}}}: there is no variable of this name`);
  return { variable: found.name };
}

/** Whether a piece is a variable that only a device has a value for. */
export const isOfDevice = (piece: TemplatePiece): piece is { variable: string } =>
  'variable' in piece && (sourceOf(piece.variable)?.startsWith('managedDevice.') ?? false);

const sourceOf = (name: string): string | undefined => BY_NAME.get(name.toLowerCase())?.source;

/**
 * The text of all pieces. A value is put in once and never read as a template. Throws TemplateError that names the variable when a value is missing.
 */
export const filledIn = (pieces: readonly TemplatePiece[], values: TemplateValues, rules: TemplateRules): string =>
  pieces.map((piece) => ('text' in piece ? piece.text : valueOf(piece.variable, values, rules))).join('');

function valueOf(name: string, values: TemplateValues, rules: TemplateRules): string {
  const value = BY_NAME.get(name.toLowerCase())?.value(values, rules);
  if (!value) throw new TemplateError(`{{${name}}} has no value: ${sourceOf(name)} is empty`);
  return value;
}
