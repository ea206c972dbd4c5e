/** PKCS#12 files that are imported into Intune for users (userPFXCertificate of Microsoft Graph), and the users. */

/** The properties of a user that names are made of, as Graph has them. */
const USER_PROPERTIES = [
  'mail',
  'givenName',
  'surname',
  'department',
  'onPremisesDistinguishedName',
  'onPremisesSamAccountName',
  'onPremisesDomainName',
  'onPremisesSecurityIdentifier',
] as const;

/** Which properties of a user are asked for, beside id, name and whether the account is enabled. */
export const DIRECTORY_USER_PROPERTIES: readonly DirectoryUserProperty[] = USER_PROPERTIES;
/** One of them. */
export type DirectoryUserProperty = (typeof USER_PROPERTIES)[number];

/** A user of Entra. `id`: the object id, lower case. `isEnabled`: whether the account may log in. A property without a value is null. */
export type UserOfDirectory = { id: string; userPrincipalName: string; isEnabled: boolean } & {
  [name in DirectoryUserProperty]: string | null;
};

/** What a key is for. Of VPN Microsoft says that it is not supported. */
export type PfxPurpose = 'unassigned' | 'smimeEncryption' | 'smimeSigning' | 'wifi';
/** All of them. */
export const PFX_PURPOSES: readonly PfxPurpose[] = ['unassigned', 'smimeEncryption', 'smimeSigning', 'wifi'];

/** An import. */
export type PfxImport = {
  /** SHA-1 of the certificate, lower-case hexadecimal. */
  thumbprint: string;
  purpose: PfxPurpose;
  userPrincipalName: string;
  /** The validity of the certificate. */
  starts: Date;
  ends: Date;
  /** Which key of the connector opens the password, and where it is: names of CNG on the machine of the connector. */
  providerName: string;
  keyName: string;
  paddingScheme: string;
  /** The file, as it is. */
  file: Uint8Array;
  /** The password of the file, encrypted to the connector, base64. */
  sealedPassword: string;
};

/** What Graph tells of an import: never the file or its password. `purpose` and the scheme are as Graph writes them. */
export type ListedPfx = Pick<PfxImport, 'thumbprint' | 'userPrincipalName' | 'starts' | 'ends' | 'keyName'> & {
  id: string;
  purpose: string;
  created: Date;
};

/** The id that Graph gives an import: that of the user without dashes, a dash and the thumbprint, in lower case. */
export const importedPfxId = (userId: string, thumbprint: string): string =>
  `${userId.replaceAll('-', '')}-${thumbprint}`.toLowerCase();

/**
 * Imports of one tenant. One call at a time is under way; when the service throttles, all wait as long as it says. Every
 * function throws when the service gave no usable answer, with a remedy, and the signal's reason on abort.
 */
export interface PfxImports {
  /** By object id or user principal name. Undefined when the directory has none, which is never so because of a fault. */
  user(name: string, signal: AbortSignal): Promise<UserOfDirectory | undefined>;
  /**
   * Imports. When it cannot be told whether Graph did it, Graph is asked by id first, so nothing is imported twice. Throws for one that
   * is there already.
   */
  create(userId: string, what: PfxImport, signal: AbortSignal): Promise<ListedPfx>;
  /** All imports, or those of one user principal name, in any letter case. */
  list(userPrincipalName: string | undefined, signal: AbortSignal): Promise<ListedPfx[]>;
  get(id: string, signal: AbortSignal): Promise<ListedPfx | undefined>;
  /** Puts the whole import in the place of the one with its id. Throws RangeError for a file that is none. */
  update(userId: string, what: PfxImport, signal: AbortSignal): Promise<ListedPfx>;
  /** One that is not there counts as deleted. */
  delete(id: string, signal: AbortSignal): Promise<void>;
}
