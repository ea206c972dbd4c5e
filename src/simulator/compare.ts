/** Compares the request of a device with the one that its challenge was made for. */
import type { CertificationRequest, GeneralName } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import {
  findExtension,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
  subjectAltName,
} from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { isEmptyName, nameFromText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import type { IntuneCode } from './intune-codes.ts';
import { type Expectation, usageOid } from './expectation.ts';

/** One side of the comparison. Undefined is not compared when expected, and an absent extension when actual. */
type Side = {
  subject: Uint8Array;
  san: readonly string[];
  keyUsage: readonly string[] | undefined;
  extendedKeyUsage: readonly string[] | undefined;
};
/** The expected request, in comparable form. `keyLength` in bits; undefined is not compared. */
export type ExpectedRequest = Side & { keyLength: number | undefined };
/** The request of a device, in comparable form. */
export type ActualRequest = Side & { key: KeyKind };

type Check = { code: IntuneCode; fails: (expected: ExpectedRequest, actual: ActualRequest) => boolean };

/** In the order of the checks; the first that fails gives the code. */
const CHECKS: readonly Check[] = [
  { code: 'SubjectNameMissing', fails: (e, a) => !isEmptyName(e.subject) && isEmptyName(a.subject) },
  { code: 'SubjectNameMismatch', fails: (e, a) => !sameName(e.subject, a.subject) },
  { code: 'SubjectAltNameMissing', fails: (e, a) => e.san.length > 0 && a.san.length === 0 },
  // An additional name would let the device act as another one, so it is refused too.
  { code: 'SubjectAltNameMismatch', fails: (e, a) => !sameSet(e.san, a.san) },
  { code: 'KeyUsageMismatch', fails: (e, a) => e.keyUsage !== undefined && !sameSet(e.keyUsage, a.keyUsage ?? []) },
  { code: 'KeyLengthMismatch', fails: (e, a) => e.keyLength !== undefined && e.keyLength !== a.key.bits },
  { code: 'EnhancedKeyUsageMissing', fails: (e, a) => e.extendedKeyUsage !== undefined && !a.extendedKeyUsage },
  {
    code: 'EnhancedKeyUsageMismatch',
    fails: (e, a) => e.extendedKeyUsage !== undefined && !sameSet(e.extendedKeyUsage, a.extendedKeyUsage ?? []),
  },
];

/** `Success`, or the code of the first difference. */
export const compare = (expected: ExpectedRequest, actual: ActualRequest): IntuneCode =>
  CHECKS.find((check) => check.fails(expected, actual))?.code ?? 'Success';

const sameSet = (a: readonly string[], b: readonly string[]): boolean => canonical(a) === canonical(b);
const canonical = (items: readonly string[]): string => JSON.stringify([...new Set(items)].toSorted());

/** The expectation in comparable form. */
export const expectedSide = (expectation: Expectation): ExpectedRequest => ({
  subject: nameFromText(expectation.subject),
  san: expectation.san?.length
    ? readGeneralNames(subjectAltName(expectation.san.map(generalNameFromText)).value).map(comparableName)
    : [],
  keyUsage: expectation.keyUsage,
  extendedKeyUsage: expectation.extendedKeyUsage?.map((usage) => usageOid(usage) ?? usage),
  keyLength: expectation.keyLength,
});

/** The request in comparable form. Throws DerError when one of its extensions is malformed. */
export function actualSide(request: CertificationRequest): ActualRequest {
  const extension = <T>(oid: string, read: (value: Uint8Array) => T): T | undefined => {
    const found = findExtension(request.extensions, oid);
    return found && read(found.value);
  };
  return {
    subject: request.subject,
    san: extension(OID.subjectAltName, readGeneralNames)?.map(comparableName) ?? [],
    keyUsage: extension(OID.keyUsage, readKeyUsage),
    extendedKeyUsage: extension(OID.extendedKeyUsage, readExtendedKeyUsage),
    key: request.key,
  };
}

// Letter case does not matter in DNS names and mail addresses (RFC 5280 7.2, 7.5); other names are compared by octets.
const comparableName = ({ type, text, der }: GeneralName): string =>
  type === 'dns' || type === 'email' ? `${type}:${text.toLowerCase()}` : Buffer.from(der).toString('hex');
