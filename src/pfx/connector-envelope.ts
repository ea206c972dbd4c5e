/** The password of an imported PKCS#12 file, as Intune takes it: encrypted to the connector (RSAES-OAEP, RFC 8017 7.1). */
import { constants, publicEncrypt } from 'node:crypto';
import type { ConnectorKey } from './connector-key.ts';
import { isPlainPassword } from './pfx-password.ts';

/** By the names of Microsoft Graph: the hash of OAEP, and its octets. MGF1 has the same hash, and the label is empty. */
const SCHEMES = { oaepSha512: ['sha512', 64], oaepSha384: ['sha384', 48], oaepSha256: ['sha256', 32] } as const;

/** A paddingScheme of Microsoft Graph. PKCS#1 v1.5 and SHA-1 are not among them. */
export type PaddingScheme = keyof typeof SCHEMES;
/** Every scheme; the first one is the default of Microsoft and of this program. */
export const PADDING_SCHEMES = Object.keys(SCHEMES) as readonly PaddingScheme[];

/** How many characters a password can have: 126, 158 or 190 for a key of 2,048 bits. RFC 8017 7.1.1. */
export const longestPassword = ({ octets }: Pick<ConnectorKey, 'octets'>, scheme: PaddingScheme): number =>
  octets - 2 * SCHEMES[scheme][1] - 2;

/**
 * `encryptedPfxPassword` of Microsoft Graph, base64: one octet for each character, nothing before or after them. Throws RangeError, which never
 * quotes the password, when a character is outside printable ASCII, where programs of Microsoft disagree, and for a password that is empty or too long.
 */
export function sealPfxPassword(to: ConnectorKey, password: string, scheme: PaddingScheme = 'oaepSha512'): string {
  if (!isPlainPassword(password))
    throw new RangeError('the password of a PKCS#12 file is empty, or not printable ASCII: Intune cannot take it');
  const longest = longestPassword(to, scheme);
  if (password.length > longest)
    throw new RangeError(
      `the password has ${password.length} characters, and ${scheme} takes ${longest} with this key`,
    );
  const [oaepHash] = SCHEMES[scheme];
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key: to.key, padding, oaepHash }, Buffer.from(password, 'latin1')).toString('base64');
}
