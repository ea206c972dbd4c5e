/** Rules for CA certificates that the makers of platforms have published, and which CA of a chain breaks one. */
import { certificateExtensions, certificateSignature } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, OID, purposeName } from '../pkix/oids.ts';
import type { CaCertificate } from './ca-certificate.ts';

/** Broken by a CA. `where`: the page or the source that has the rule. */
export type BrokenRule = { platform: 'Windows' | 'Android' | 'Apple'; what: string; where: string };

type Rule = Pick<BrokenRule, 'platform' | 'where'> & {
  broken: (ca: CaCertificate, isRoot: boolean) => string | undefined;
};

const APPLE = 'https://support.apple.com/103769';

const RULES: readonly Rule[] = [
  {
    platform: 'Windows',
    where: 'Microsoft, NPS revocation list check registry settings: IgnoreNoRevocationCheck',
    broken: (ca, isRoot) =>
      isRoot || extension(ca, OID.cRLDistributionPoints)
        ? undefined
        : 'it names no revocation list (CDP), and NPS refuses a client when it cannot check each CA below the root',
  },
  {
    platform: 'Windows',
    where: 'KB814394: EAP-TLS needs the purpose clientAuth, and the purposes of a CA limit those below it',
    broken: withoutClientAuth,
  },
  {
    platform: 'Windows',
    where: 'KB5067036 for clients, KB5087539 for servers',
    broken: ({ publicKey: { kind } }) =>
      kind.type.startsWith('ml-dsa')
        ? 'its key is ML-DSA, which Windows knows from 11 24H2 and Server 2025 on'
        : undefined,
  },
  {
    platform: 'Apple',
    where: APPLE,
    broken: ({ publicKey: { kind } }) =>
      kind.type === 'rsa' && kind.bits < 2048 ? `its RSA key has ${kind.bits} bits, and 2048 are demanded` : undefined,
  },
  {
    platform: 'Apple',
    where: APPLE,
    broken: (ca, isRoot) => (isRoot || !signedWithSha1(ca) ? undefined : 'it is signed with SHA-1'),
  },
  {
    platform: 'Apple',
    where: 'Microsoft, Intune troubleshooting: SCEP failures on iOS',
    broken: (ca) =>
      certificateSignature(ca.view).algorithm?.pss ? 'it is signed with RSASSA-PSS, which iOS refuses' : undefined,
  },
  {
    platform: 'Android',
    where: 'Conscrypt, ChainStrengthAnalyzer',
    broken: (ca, isRoot) => (isRoot || !signedWithSha1(ca) ? undefined : 'it is signed with SHA-1'),
  },
];

/** Every rule that a chain breaks, the issuing CA first, the root last. */
export const brokenRules = (chain: readonly CaCertificate[]): BrokenRule[] =>
  RULES.flatMap(({ platform, where, broken }) =>
    chain.flatMap((ca, index) => {
      const what = broken(ca, index === chain.length - 1);
      return what === undefined ? [] : [{ platform, where, what: `${ca.text}: ${what}` }];
    }),
  );

/** One sentence for people, with its source. */
export const brokenText = ({ platform, what, where }: BrokenRule): string => `${platform}: ${what} (${where})`;

const extension = ({ view }: CaCertificate, oid: string): Uint8Array | undefined =>
  findExtension(certificateExtensions(view), oid)?.value;

/** The signature of a root is not checked by anyone: the root is trusted as it is. */
const signedWithSha1 = ({ view }: CaCertificate): boolean => certificateSignature(view).algorithm?.digest === 'sha1';

function withoutClientAuth(ca: CaCertificate): string | undefined {
  const value = extension(ca, OID.extendedKeyUsage);
  const purposes = value ? readExtendedKeyUsage(value) : [];
  const { clientAuth, anyExtendedKeyUsage } = EXTENDED_KEY_USAGES;
  if (purposes.length === 0 || purposes.includes(clientAuth) || purposes.includes(anyExtendedKeyUsage))
    return undefined;
  return `its extendedKeyUsage allows ${purposes.map(purposeName).join(', ')} and not clientAuth`;
}
