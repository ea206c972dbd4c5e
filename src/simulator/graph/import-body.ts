/** The body of an import into userPfxCertificates: every member in the form that is documented. */
import type { ImportedCertificate } from '../directory/imported-files.ts';

/** What a client sends. */
export type ImportBody = Omit<ImportedCertificate, 'id' | 'createdDateTime' | 'lastModifiedDateTime'>;

const TYPE = '#microsoft.graph.userPFXCertificate';
const PURPOSES = ['unassigned', 'smimeEncryption', 'smimeSigning', 'wifi'];
const SCHEMES = ['oaepSha256', 'oaepSha384', 'oaepSha512'];

const matches =
  (pattern: RegExp) =>
  (value: string): boolean =>
    pattern.test(value);
const isTime = (value: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d{1,7})?Z$/.test(value) && !Number.isNaN(Date.parse(value));
const isBase64 = (value: string): boolean => /^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(value);
const octets = (value: string): Buffer => Buffer.from(value, 'base64');

/** The members, each with what it must be. A vpn purpose is documented as not supported. */
const FIELDS: Readonly<Record<keyof ImportBody, (value: string) => boolean>> = {
  thumbprint: matches(/^[0-9a-f]{40}$/),
  intendedPurpose: (value) => PURPOSES.includes(value),
  userPrincipalName: matches(/^[^@\s]+@[^@\s]+$/),
  startDateTime: isTime,
  expirationDateTime: isTime,
  providerName: matches(/./),
  keyName: matches(/./),
  paddingScheme: (value) => SCHEMES.includes(value),
  // A PKCS#12 file is a SEQUENCE; what a list shows in its place, "AA==", is none.
  encryptedPfxBlob: (value) => isBase64(value) && octets(value)[0] === 0x30,
  // RSA of 2,048 bits at least.
  encryptedPfxPassword: (value) => isBase64(value) && octets(value).length >= 256,
};

/** The body; undefined when it is no JSON object, a member is absent, unknown or wrong, or its times are in the wrong order. */
export function importBody(text: string): ImportBody | undefined {
  const { '@odata.type': type = TYPE, ...given } = jsonObject(text);
  const names = Object.keys(FIELDS) as (keyof ImportBody)[];
  if (type !== TYPE || Object.keys(given).length !== names.length) return undefined;
  const isRight = (name: keyof ImportBody): boolean => typeof given[name] === 'string' && FIELDS[name](given[name]);
  if (!names.every(isRight)) return undefined;
  const body = given as ImportBody;
  return Date.parse(body.startDateTime) < Date.parse(body.expirationDateTime) ? body : undefined;
}

/** The members of the object in a text; none when it has no object. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
