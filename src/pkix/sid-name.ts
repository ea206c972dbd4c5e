/** Names by which Active Directory maps a certificate to the account with a SID (KB5014754). */
import type { GeneralName } from '../core/request.ts';

const SID_URI = /^tag:microsoft\.com,2022-09-14:sid:/i;
/** szOID_NTDS_CA_SECURITY_EXT and szOID_NTDS_OBJECTSID: the same as an extension, and the type of the name in it. */
const SID_TYPE = /^1\.3\.6\.1\.4\.1\.311\.25\.2(?:\.|$)/;

/** Whether the name, or the extension with this type, says which account it is. */
export const namesSid = ({ type, text }: Pick<GeneralName, 'type' | 'text'>): boolean =>
  (type === 'uri' && SID_URI.test(/[%\s]/.test(text) ? plain(text) : text)) ||
  (type === 'otherName' && SID_TYPE.test(text));

/** A URI without the percent-encoding and the spaces by which it can differ from one that means the same. */
function plain(uri: string): string {
  const decoded = uri.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decoded === uri ? uri.replace(/\s+/g, '') : plain(decoded);
}
