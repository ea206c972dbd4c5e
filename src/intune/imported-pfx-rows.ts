/** What Graph writes of users and imported PKCS#12 files, read and written. */
import {
  DIRECTORY_USER_PROPERTIES,
  type DirectoryUserProperty,
  type ListedPfx,
  type PfxImport,
  type UserOfDirectory,
} from '../core/imported-pfx.ts';
import { field, textField } from '../outbound/untrusted-json.ts';

/** The body of an import: the nine members that Graph documents. It has no `id`, because Graph makes it. */
export const importBody = (what: PfxImport): object => ({
  thumbprint: what.thumbprint,
  intendedPurpose: what.purpose,
  userPrincipalName: what.userPrincipalName,
  startDateTime: utc(what.starts),
  expirationDateTime: utc(what.ends),
  providerName: what.providerName,
  keyName: what.keyName,
  paddingScheme: what.paddingScheme,
  encryptedPfxBlob: Buffer.from(what.file).toString('base64'),
  encryptedPfxPassword: what.sealedPassword,
});

/** Certificates have no fractions of seconds. */
const utc = (time: Date): string => time.toISOString().replace(/[.]\d+Z$/, 'Z');

/** An import as Graph lists it; undefined when it is none. */
export function listedPfx(row: object): ListedPfx | undefined {
  const text = (name: string): string => textField(row, name) ?? '';
  const time = (name: string): Date => new Date(text(name));
  const listed = {
    id: text('id').toLowerCase(),
    thumbprint: text('thumbprint').toLowerCase(),
    purpose: text('intendedPurpose'),
    userPrincipalName: text('userPrincipalName'),
    keyName: text('keyName'),
    starts: time('startDateTime'),
    ends: time('expirationDateTime'),
    created: time('createdDateTime'),
  };
  if (!/^[0-9a-f]{32}-[0-9a-f]{40}$/.test(listed.id) || listed.userPrincipalName === '') return undefined;
  const times = [listed.starts, listed.ends, listed.created];
  return times.every((each) => !Number.isNaN(each.getTime())) ? listed : undefined;
}

/** What is asked of a user. */
export const USER_SELECTION = ['id', 'userPrincipalName', 'accountEnabled', ...DIRECTORY_USER_PROPERTIES].join(',');

/** A user; undefined when it is none. */
export function directoryUser(row: object): UserOfDirectory | undefined {
  const [id, userPrincipalName] = [textField(row, 'id'), textField(row, 'userPrincipalName')];
  const isEnabled = field(row, 'accountEnabled');
  if (!id || !userPrincipalName || typeof isEnabled !== 'boolean') return undefined;
  const property = (name: DirectoryUserProperty): string | null => textField(row, name) ?? null;
  return {
    id: id.toLowerCase(),
    userPrincipalName,
    isEnabled,
    mail: property('mail'),
    givenName: property('givenName'),
    surname: property('surname'),
    department: property('department'),
    onPremisesDistinguishedName: property('onPremisesDistinguishedName'),
    onPremisesSamAccountName: property('onPremisesSamAccountName'),
    onPremisesDomainName: property('onPremisesDomainName'),
    onPremisesSecurityIdentifier: property('onPremisesSecurityIdentifier'),
  };
}
