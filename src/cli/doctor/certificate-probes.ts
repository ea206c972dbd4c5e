/** Whether clients of each platform can use the CA and the RA, and which certificate a profile must name. */
import { createHash, getFips } from 'node:crypto';
import { missingUsages } from '../../app/own-ra.ts';
import type { LoadedAuthority } from './authority-parties.ts';
import { systemClock } from '../../embed/system.ts';
import { endingStage, endingText } from '../../core/ending.ts';
import {
  certificateExtensions,
  certificateSignature,
  readCertificate,
  readValidity,
  thumbprint,
  thumbprintSha256,
} from '../../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage } from '../../pkix/extensions.ts';
import { nameText } from '../../pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID, purposeName } from '../../pkix/oids.ts';
import { fail, type ProbeOutcome, pass, type DoctorProbe, warn } from './doctor-probe.ts';

/** One row for each RA of an authority, or one when it has none yet. */
export const certificateProbes = (authorities: readonly LoadedAuthority[]): DoctorProbe[] =>
  authorities.map((each) => ({
    id: `certificates.${each.name}`,
    group: 'certificates',
    title: `authority ${each.name}: for Windows, Android and Apple`,
    run: () => suitability(each),
  }));

type Weak = Pick<ProbeOutcome, 'text'> & { verdict: 'FAIL' | 'PASS-WITH-WARNINGS'; remedy: string };

async function suitability({ authority, parties }: LoadedAuthority): Promise<ProbeOutcome> {
  const found = await Promise.all(parties.map((each) => authority.existingRa(each)));
  const ras = found
    .flatMap((ra) => (ra ? [ra.signer?.certificate, ra.certificate] : []))
    .filter((der) => der !== undefined);
  const details = [...platforms(authority.chain), ...raLines(ras), AD];
  const weak = [...found.flatMap((ra) => (ra ? raFaults(ra) : [])), ...authority.chain.flatMap(caFaults)];
  const worst = weak.find(({ verdict }) => verdict === 'FAIL') ?? weak[0];
  if (!worst) return pass('Windows, Android and Apple can use the CA and the RA. A profile must name:', details);
  const others = weak.filter((each) => each !== worst).map(({ text }) => text);
  const outcome = worst.verdict === 'FAIL' ? fail : warn;
  return outcome(worst.text, worst.remedy, { details: [...others, ...details] });
}

/** Which one a trusted certificate profile, and with it the SCEP profile, must have. */
function platforms(chain: readonly Uint8Array[]): string[] {
  const [issuing, root] = [chain[0], chain.at(-1)];
  if (!issuing || !root) return [];
  return [
    `Windows: the issuing CA, ${thumbprints(issuing)}`,
    `Android: the root, ${thumbprints(root)}`,
    'iOS, iPadOS, macOS: either of them',
  ];
}

const thumbprints = (der: Uint8Array): string =>
  `${nameText(readCertificate(der).subject)}: SHA-1 ${thumbprint(der)}, ${md5(der)}SHA-256 ${thumbprintSha256(der)}`;

/** As the NDES page and the Windows client show it; it protects nothing. FIPS mode has none. */
const md5 = (der: Uint8Array): string =>
  getFips() === 1 ? '' : `MD5 ${createHash('md5').update(der).digest('hex').toUpperCase()}, `;

const AD =
  'For sign-in to Active Directory (Kerberos, NPS, RDP) publish the issuing CA once as enterprise administrator: `certutil -dspublish -f issuing-ca.cer NTAuthCA` (KB5057784).';

const raLines = (ras: readonly Uint8Array[]): string[] =>
  ras.length === 0
    ? ['RA: none yet; the server makes it at its first start']
    : ras.map((der) => `RA: ${nameText(readCertificate(der).subject)}: SHA-1 ${thumbprint(der)}`);

type Ra = { certificate: Uint8Array; signer?: { certificate: Uint8Array } };

/** A split RA has one usage in each of its certificates. */
function raFaults({ certificate, signer }: Ra): Weak[] {
  const missing = missingUsages(certificate).filter((usage) => !signer || usage !== 'digitalSignature');
  return [
    ...(missing.length > 0 ? [lacks(certificate, missing)] : []),
    ...[certificate, ...(signer ? [signer.certificate] : [])].flatMap((der) => [...purposes(der), ...ending(der)]),
  ];
}

const lacks = (der: Uint8Array, missing: readonly string[]): Weak => ({
  verdict: 'FAIL',
  text: `${subject(der)}: its keyUsage lacks ${missing.join(' and ')}. Windows gives up with 0x8010002c, and Apple refuses it.`,
  remedy: 'Use `ra: auto`, or an RA with digitalSignature and keyEncipherment.',
});

const FOR_WINDOWS = [
  EXTENDED_KEY_USAGES.certificateRequestAgent,
  EXTENDED_KEY_USAGES.serverAuth,
  EXTENDED_KEY_USAGES.anyExtendedKeyUsage,
];

function purposes(der: Uint8Array): Weak[] {
  const value = findExtension(certificateExtensions(readCertificate(der)), OID.extendedKeyUsage)?.value;
  const named = value && readExtendedKeyUsage(value);
  if (!named || named.some((id) => FOR_WINDOWS.some((each) => each === id))) return [];
  return [
    {
      verdict: 'PASS-WITH-WARNINGS',
      text: `${subject(der)}: its extendedKeyUsage is ${named.map(purposeName).join(', ')}. Windows may not take it as an RA.`,
      remedy: 'Use `ra: auto`, or an RA with certificateRequestAgent (1.3.6.1.4.1.311.20.2.1).',
    },
  ];
}

function ending(der: Uint8Array): Weak[] {
  const { notAfter } = readValidity(readCertificate(der));
  const now = systemClock();
  if (endingStage(notAfter, now) === undefined) return [];
  return [
    {
      verdict: notAfter < now ? 'FAIL' : 'PASS-WITH-WARNINGS',
      text: `${subject(der)}: it ${endingText(notAfter, now)}.`,
      remedy: 'Issue a new one in time; with `ra: auto` the running server does so by itself.',
    },
  ];
}

/** A root may have any signature: it is trusted by its octets. */
function caFaults(der: Uint8Array, index: number, chain: readonly Uint8Array[]): Weak[] {
  const { algorithm } = certificateSignature(readCertificate(der));
  const isWeak = algorithm?.digest === 'sha1' && index < chain.length - 1;
  return [
    ...ending(der).map((each) => ({ ...each, remedy: 'Make the next CA in time, and announce it with `next`.' })),
    ...(isWeak ? [weaklySigned(der)] : []),
  ];
}

const weaklySigned = (der: Uint8Array): Weak => ({
  verdict: 'PASS-WITH-WARNINGS',
  text: `${subject(der)}: it is signed with SHA-1, which Android and Apple refuse.`,
  remedy: 'Have the CA certificate issued anew with SHA-256.',
});

const subject = (der: Uint8Array): string => nameText(readCertificate(der).subject);
