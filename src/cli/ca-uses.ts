/** Which certificate, and which thumbprint, each platform wants. */
import { basename } from 'node:path';

/** The place of a certificate in a chain. */
export type CaRole = 'root' | 'issuing CA' | 'intermediate CA' | 'RA';

/** The role of each certificate of a chain, the issuing CA first, the root last. */
export const roleOf = (index: number, length: number): CaRole =>
  index === length - 1 ? 'root' : index === 0 ? 'issuing CA' : 'intermediate CA';

/** Who needs the certificate of a role. A root that issues by itself has both uses. */
export const USES: Readonly<Record<CaRole, string>> = {
  root: 'Trusted certificate profile of every platform; root certificate of the SCEP profile on Android and Apple',
  'issuing CA':
    'Root certificate of the SCEP profile on Windows (Apple takes it too); NTAuth store of Active Directory',
  'intermediate CA':
    'Trusted certificate profile on Windows, as an intermediate; /aia/ for verifiers that build chains',
  RA: 'Clients encrypt to it; nothing is to be configured with it',
};

/** Below the certificates of `ca show`. */
export const THUMBPRINTS = [
  'In an Intune SCEP profile Windows wants the issuing CA as its root certificate, Android the root; Apple takes either.',
  'SHA-1 is the thumbprint of Windows (CAThumbprint), Intune and Apple (CAFingerprint); SHA-256 that of RFC 8894 clients.',
] as const;

/** What an administrator of Active Directory runs, and why. `file`: the issuing CA as DER. */
export const directoryNote = (file: string): string =>
  [
    'If domain controllers or NPS accept these certificates, run once, as an administrator of the forest:',
    `  certutil -dspublish -f ${basename(file)} NTAuthCA`,
    'Since KB5057784 (CVE-2025-26647) domain controllers refuse certificates of a CA that is not in the NTAuth store.',
  ].join('\n');
