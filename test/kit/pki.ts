/** A small PKI at a fixed moment: root, issuing CA, registration authority, and a client that signs for itself. */
import { randomBytes } from 'node:crypto';
import { createIssuingCa, createRa, createRoot, type RaPurpose } from '../../src/ca/create.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { LEGACY } from '../../src/cms/algorithms.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import type { RandomBytes } from '../../src/core/environment.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { type CertificatePlan, writeCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { MessageRules, OpenContext } from '../../src/scep/open-context.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { ecKey, rsaKey } from './keys.ts';

export const NOW = new Date('2026-03-01T12:00:00Z');
export const clock = (): Date => NOW;
export const random: RandomBytes = (length) => randomBytes(length);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const YEAR = 365 * DAY;

/** What `create.ts` needs for a certificate, valid from two days ago and for a year by default. */
export const wanted = (subject: string, key: KeyProvider, validity = YEAR) => ({
  subject,
  key,
  validity,
  backdate: 2 * DAY,
  clock,
  random,
});

/** A certificate, DER, and its key. */
export type Keyed = { certificate: Uint8Array; key: SoftwareKey };

const rootKey = ecKey('root');
export const root: Keyed = { key: rootKey, certificate: await createRoot(wanted('CN=Test Root', rootKey, 10 * YEAR)) };

const issuingKey = ecKey('issuing');
export const issuing: Keyed = {
  key: issuingKey,
  certificate: await createIssuingCa(wanted('CN=Test Issuing', issuingKey, 5 * YEAR), root),
};

const nextKey = ecKey('next issuing');
/** The issuing CA that will take the place of the present one. */
export const nextCa: Keyed = {
  key: nextKey,
  certificate: await createIssuingCa(wanted('CN=Next Issuing', nextKey), root),
};

/** A registration authority's certificate for this key. */
export const raFor = async (key: SoftwareKey, subject = 'CN=Test RA', purpose?: RaPurpose): Promise<Keyed> => ({
  key,
  certificate: await createRa(wanted(subject, key), issuing, purpose),
});
export const ra = await raFor(rsaKey('ra'));

/** A client's key with the certificate that it signed itself. */
export const clientFor = async (key: SoftwareKey, subject = 'CN=device-1'): Promise<Keyed> => ({
  key,
  certificate: await selfSigned(key, nameFromText(subject), clock, random),
});
export const client = await clientFor(rsaKey('client'));

export const registration = registrationAuthority(ra);
export const everyLegacy: ReadonlySet<(typeof LEGACY)[number]> = new Set(LEGACY);

/** What `open` needs. Without rules: nothing legacy, no renewal, signingTime not looked at. */
export const context = (rules: Partial<MessageRules> = {}, by = registration): OpenContext => ({
  ra: by,
  rules: { legacy: new Set(), signingTime: undefined, renewal: false, ...rules },
  clock,
  random,
});

/** A certificate that names this key, signed by the client: nothing but the key of a signer is looked at. */
export const certificateFor = (spki: Uint8Array, different: Partial<CertificatePlan> = {}): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: Buffer.of(1),
      issuer: nameFromText('CN=device-1'),
      subject: nameFromText('CN=device-1'),
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + HOUR),
      spki,
      extensions: [],
      ...different,
    },
    client.key,
  );
