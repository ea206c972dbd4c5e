/** Compares the request that a device sent with the one that its challenge was minted for. */
import type { CertificationRequest, GeneralName } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import {
  generalNameFromText,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
  subjectAltName,
} from '../pkix/extensions.ts';
import { isEmptyName, nameFromText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import type { IntuneCode } from './intune-codes.ts';
import { type Expectation, usageOid } from './expectation.ts';

/** One side of the comparison. An undefined expectation is not compared; an undefined reality is an absent extension. */
type Side = {
  subject: Uint8Array;
  san: readonly string[];
  keyUsage: readonly string[] | undefined;
  extendedKeyUsage: readonly string[] | undefined;
};
export type ExpectedRequest = Side & { keyLength: number | undefined };
export type Actual = Side & { key: KeyKind };

type Check = { code: IntuneCode; fails: (expected: ExpectedRequest, actual: Actual) => boolean };

/** In this order; the first that fails is the answer. */
const CHECKS: readonly Check[] = [
  { code: 'SubjectNameMissing', fails: (e, a) => !isEmptyName(e.subject) && isEmptyName(a.subject) },
  { code: 'SubjectNameMismatch', fails: (e, a) => !sameName(e.subject, a.subject) },
  { code: 'SubjectAltNameMissing', fails: (e, a) => e.san.length > 0 && a.san.length === 0 },
  // A name that the profile does not know would make the device somebody else, so it is never overlooked.
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
export const compare = (expected: ExpectedRequest, actual: Actual): IntuneCode =>
  CHECKS.find((check) => check.fails(expected, actual))?.code ?? 'Success';

const sameSet = (a: readonly string[], b: readonly string[]): boolean => canonical(a) === canonical(b);
const canonical = (items: readonly string[]): string => JSON.stringify([...new Set(items)].toSorted());

/** The expectation in the form that is compared. */
export const expectedSide = (expectation: Expectation): ExpectedRequest => ({
  subject: nameFromText(expectation.subject),
  san: expectation.san?.length
    ? readGeneralNames(subjectAltName(expectation.san.map(generalNameFromText)).value).map(comparableName)
    : [],
  keyUsage: expectation.keyUsage,
  extendedKeyUsage: expectation.extendedKeyUsage?.map((usage) => usageOid(usage) ?? usage),
  keyLength: expectation.keyLength,
});

/** The request in the form that is compared. Throws DerError when one of its extensions is malformed. */
export function actualSide(request: CertificationRequest): Actual {
  const extension = <T>(oid: string, read: (value: Uint8Array) => T): T | undefined => {
    const found = request.extensions.find((candidate) => candidate.oid === oid);
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

// DNS names and mail addresses have no letter case that counts (RFC 5280 7.2, 7.5); all else is compared octet for octet.
const comparableName = ({ type, text, der }: GeneralName): string =>
  type === 'dns' || type === 'email' ? `${type}:${text.toLowerCase()}` : Buffer.from(der).toString('hex');
