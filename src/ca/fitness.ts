/** Compares a CA and what is above it with the certificates that it is to issue: what verifiers would reject. */
import { endingStage, endingText } from '../core/ending.ts';
import { certificateExtensions } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readKeyUsage, readPathLength } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, OID, purposeName } from '../pkix/oids.ts';
import type { CaCertificate } from './ca-certificate.ts';
import { constraintsText, readNameConstraints } from './name-constraints.ts';
import type { Profile } from './profile.ts';

/** What does not fit. With `fatal`, no certificate of the profile could be used. `ends`: a certificate ends soon. */
export type Unfit = { fatal: boolean; what: string; remedy: string; ends?: true };

type Chain = readonly CaCertificate[];

/** What a chain lacks, the issuing CA first, the root last, and which of it ends soon. For any profile. */
export const unfitChain = (chain: Chain, now: Date): Unfit[] => [
  ...chain.flatMap((ca, below) => tooDeep(ca, below)),
  ...chain.slice(0, -1).flatMap(withoutKeyIdentifier),
  ...chain.flatMap(constrained),
  ...chain.flatMap((ca) => ending(ca, now)),
];

/** What of a profile the chain excludes. `ownList` tells which URIs are those of the list that this CA is to sign. */
export const unfitProfile = (chain: Chain, profile: Profile, ownList: (uri: string) => boolean): Unfit[] => [
  ...chain.flatMap((ca) => excludedPurposes(ca, profile)),
  ...unsignedList(chain[0], profile, ownList),
];

const extension = ({ view }: CaCertificate, oid: string): Uint8Array | undefined =>
  findExtension(certificateExtensions(view), oid)?.value;

/** Chain building of OpenSSL and Windows takes the purposes of a CA as a limit for all that is below it. */
function excludedPurposes(ca: CaCertificate, { extendedKeyUsage }: Profile): Unfit[] {
  const value = extension(ca, OID.extendedKeyUsage);
  const allowed = value && readExtendedKeyUsage(value);
  const any = EXTENDED_KEY_USAGES.anyExtendedKeyUsage;
  if (!allowed || allowed.includes(any)) return [];
  const excluded = extendedKeyUsage.filter((purpose) => purpose !== any && !allowed.includes(purpose));
  if (excluded.length === 0) return [];
  const names = (purposes: readonly string[]): string => purposes.map(purposeName).join(', ');
  return [
    {
      fatal: excluded.length === extendedKeyUsage.length,
      what: `${ca.text}: its extendedKeyUsage allows ${names(allowed)} and excludes ${names(excluded)} of the profile`,
      remedy: 'Verifiers reject such certificates: use a CA for these purposes, or take them out of the profile.',
    },
  ];
}

function unsignedList(
  ca: CaCertificate | undefined,
  { crl = [] }: Profile,
  ownList: (uri: string) => boolean,
): Unfit[] {
  const usage = ca && extension(ca, OID.keyUsage);
  if (!ca || !usage || readKeyUsage(usage).includes('cRLSign') || !crl.some(ownList)) return [];
  return [
    {
      fatal: true,
      what: `${ca.text}: its keyUsage lacks cRLSign, and the profile names the revocation list of this server`,
      remedy: 'There would be no such list: use a CA with cRLSign, or name another list under `crl`.',
    },
  ];
}

/** `below`: CAs between this one and the end entities. */
function tooDeep(ca: CaCertificate, below: number): Unfit[] {
  const value = extension(ca, OID.basicConstraints);
  const most = value && readPathLength(value);
  if (most === undefined || below <= most) return [];
  return [
    {
      fatal: true,
      what: `${ca.text}: its basicConstraints allow ${most} CAs below it, and the chain has ${below}`,
      remedy: 'Verifiers reject such a chain: issue the CA certificates anew, with a larger path length.',
    },
  ];
}

const withoutKeyIdentifier = (ca: CaCertificate): Unfit[] =>
  extension(ca, OID.subjectKeyIdentifier)
    ? []
    : [
        {
          fatal: false,
          what: `${ca.text}: it has no subjectKeyIdentifier, which RFC 5280 4.2.1.2 demands of a CA`,
          remedy: 'Strict verifiers reject what it issues: issue the CA certificate anew.',
        },
      ];

function constrained(ca: CaCertificate): Unfit[] {
  const value = extension(ca, OID.nameConstraints);
  if (!value) return [];
  return [
    {
      fatal: false,
      what: `${ca.text}: its nameConstraints permit ${constraintsText(readNameConstraints(value))}`,
      remedy: 'Requests with other names are refused; see that devices ask for these.',
    },
  ];
}

const ending = (ca: CaCertificate, now: Date): Unfit[] =>
  endingStage(ca.notAfter, now) === undefined
    ? []
    : [
        {
          fatal: false,
          what: `${ca.text}: ${endingText(ca.notAfter, now)}, and every certificate under it with it`,
          remedy: 'Make the next CA, and announce it to clients with `next`.',
          ends: true,
        },
      ];
