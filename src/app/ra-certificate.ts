/** An RA that this server makes: its certificates, and when the next ones are due. Where it is kept: ra.ts and stored-ra.ts. */
import { hash, X509Certificate } from 'node:crypto';
import { createRa, type RaPurpose } from '../ca/create.ts';
import { DAY } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { KeyProvider } from '../core/keys.ts';
import { standingOf } from '../core/watched.ts';
import { systemRandom } from '../embed/system.ts';
import { generateKemKey, generateKey, type SoftwareKey } from '../keys/software.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import type { openKey } from './key-ring.ts';

/**
 * The issuing CA of an RA. `passphrase` also protects the RA key in a file. `open` opens the RA keys: `openKey` when absent.
 * `chainEnd` is when the first of the CA and those above it ends: the end of the CA when absent. `parties` is as in
 * `challengeParties`: each such set has an RA of its own.
 */
export type IssuingCa = {
  path: string;
  certificate: Uint8Array;
  key: KeyProvider;
  passphrase?: string;
  open?: typeof openKey;
  parties?: string;
  chainEnd?: Date;
};

/** What of a CA says whether an RA is its own, and for how long. */
export type RaIssuer = Pick<IssuingCa, 'certificate' | 'chainEnd'>;

/** Decrypts with its own key and with those of `retired`. `signer` signs, where it is another certificate. */
export type LoadedRa = KeyedCertificate & {
  signer?: KeyedCertificate;
  retired: KeyedCertificate[];
  /** ML-KEM keys that decrypt too, the current one first. */
  kem?: readonly KeyedCertificate[];
};

/** `split`: one certificate signs and another one decrypts. `kem`: one with an ML-KEM key, beside an RA of another form. */
export type RaForm = 'auto' | 'split' | 'kem';

/** The certificate that decrypts first. */
export const RA_PURPOSES = { auto: ['both'], split: ['encrypt', 'sign'], kem: ['kem'] } as const satisfies Record<
  RaForm,
  readonly [RaPurpose, ...RaPurpose[]]
>;

/** Follows the common name of the CA in the subject. */
const SUFFIX: Readonly<Record<RaPurpose, string>> = {
  both: 'RA',
  sign: 'RA Signature',
  encrypt: 'RA Encryption',
  kem: 'RA KEM',
};

const VALIDITY = 2 * 365 * DAY;
/** Early enough that every client has fetched the next one before this one ends. */
const RENEW_BEFORE = 30 * DAY;

/** `intune-` and 8 digits. Not the parties themselves: one can be an internal URL, and the subject of an RA is public. */
export function partiesName(parties: string): string {
  const kinds = [...new Set(parties.split('\n').map((party) => party.split(' ')[0]))];
  return `${kinds.join('-')}-${hash('sha256', parties, 'hex').slice(0, 8)}`;
}

/** Whether no next one is due. */
export const keepsRa = ({ signer, certificate }: LoadedRa, ca: RaIssuer, clock: Clock): boolean =>
  [certificate, ...(signer ? [signer.certificate] : [])].every((der) => isUsable(der, ca, clock));

/** Whether this CA signed it, and it is valid and does not end soon: a clock that was wrong made one for the future. */
export function isUsable(certificate: Uint8Array, ca: RaIssuer, clock: Clock): boolean {
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  const [now, end] = [clock().getTime(), notAfter.getTime()];
  const lasts = notBefore.getTime() <= now && (end - now > RENEW_BEFORE || end >= endOfChain(ca).getTime());
  return lasts && isIssuedBy(certificate, ca);
}

/** Clients do not trust an RA from an earlier key of the CA. */
export function isIssuedBy(certificate: Uint8Array, ca: RaIssuer): boolean {
  const issuer = new X509Certificate(ca.certificate);
  const own = new X509Certificate(certificate);
  return own.checkIssued(issuer) && own.verify(issuer.publicKey);
}

/** A CA that is not in force, or under one that has ended, signs nothing that a client takes. */
export function isCaInForce(ca: RaIssuer, clock: Clock): boolean {
  const { notBefore } = readValidity(readCertificate(ca.certificate));
  return ['valid', 'ends'].includes(standingOf({ validity: { notBefore, notAfter: endOfChain(ca) } }, clock()));
}

/** Clients that check the chain reject an RA after the end of anything above it. */
export const endOfChain = ({ certificate, chainEnd }: RaIssuer): Date =>
  chainEnd ?? readValidity(readCertificate(certificate)).notAfter;

/** A new key and its certificate, in memory only. */
export type NewRa = { certificate: Uint8Array; key: SoftwareKey };

/** Makes one; that blocks the process for the time of an RSA key. */
export async function newRa(ca: IssuingCa, purpose: RaPurpose, clock: Clock): Promise<NewRa> {
  const key = purpose === 'kem' ? generateKemKey() : generateKey('rsa-2048');
  const suffix = [SUFFIX[purpose], ca.parties && partiesName(ca.parties)].filter(Boolean).join(' ');
  const validity = Math.min(VALIDITY, endOfChain(ca).getTime() - clock().getTime());
  const certificate = await createRa(
    { subject: raSubject(ca.certificate, suffix), key, validity, backdate: DAY, clock, random: systemRandom },
    { certificate: ca.certificate, key: ca.key },
    purpose,
  );
  return { certificate, key };
}

/** The name of the CA with the suffix after its first common name, so that people see which CA it belongs to. */
export const raSubject = (ca: Uint8Array, suffix: string): string =>
  nameText(readCertificate(ca).subject).replace(/(^|,)CN=((?:\\.|[^,+\\])*)/, `$1CN=$2 ${suffix}`);

/** `replaced`: there was one before. */
export function sayMade(emit: Emit, { certificate }: { certificate: Uint8Array }, replaced: boolean): void {
  const subject = nameText(readCertificate(certificate).subject);
  emit({ event: 'ra-made', subject, thumbprint: thumbprint(certificate), replaced });
}
