/** The RA certificates beside an issuing CA: made when missing, renewed before they end, old ones kept to open with. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRa, type RaPurpose } from '../ca/create.ts';
import type { Clock, Logger } from '../core/environment.ts';
import type { KeyProvider } from '../core/keys.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../keys/software.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import { readFile, readPrivateFile, writePrivateFile, writePublicFile } from './files.ts';
import { certificatePem, certificatesFrom } from './pem.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** The issuing CA for which an RA is wanted. `passphrase` also protects the RA key. */
export type IssuingCa = { path: string; certificate: Uint8Array; key: KeyProvider; passphrase?: string };

/** Opens with its own key and with those of `retired`; `signer` signs, where that is another one. */
export type LoadedRa = KeyedCertificate & { signer?: KeyedCertificate; retired: KeyedCertificate[] };

const DAY = 86_400_000;
const VALIDITY = 2 * 365 * DAY;
/** Long enough before its end that every client has fetched the next one. */
const RENEW_BEFORE = 30 * DAY;

/** One certificate that is kept in two files, and what is put behind the common name of the CA to name it. */
type RaFiles = { file: string; purpose: RaPurpose; words: string };
const RA_FILES = {
  auto: { file: 'ra', purpose: 'both', words: 'RA' },
  sign: { file: 'ra-sign', purpose: 'sign', words: 'RA Signature' },
  encrypt: { file: 'ra-enc', purpose: 'encrypt', words: 'RA Encryption' },
} as const satisfies Record<string, RaFiles>;

/**
 * In the folder of the issuing CA's certificate: `ra.pem` and `ra.key.pem`, or the pairs `ra-sign` and `ra-enc` where it
 * is split. What was in use before stays beside them as `ra-<thumbprint>` and opens messages for as long as it is there.
 */
export async function automaticRa(
  form: 'auto' | 'split',
  ca: IssuingCa,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<LoadedRa> {
  const present = (kept: RaFiles) => presentRa(kept, ca, logger, clock);
  const opens = form === 'split' ? RA_FILES.encrypt : RA_FILES.auto;
  const current = await present(opens);
  const retired = openersIn(dirname(ca.path), ca.passphrase, opens.file);
  return form === 'split' ? { ...current, retired, signer: await present(RA_FILES.sign) } : { ...current, retired };
}

async function presentRa(kept: RaFiles, ca: IssuingCa, logger: Logger, clock: Clock): Promise<KeyedCertificate> {
  const folder = dirname(ca.path);
  const current = existsSync(join(folder, `${kept.file}.pem`)) ? loadRa(folder, kept.file, ca.passphrase) : undefined;
  if (current && fits(current.certificate, ca, clock)) return current;
  if (current) retire(folder, kept, current.certificate);
  const made = await makeRa(folder, kept, ca, clock);
  const subject = nameText(readCertificate(made.certificate).subject);
  logger.info(
    { subject, thumbprint: thumbprint(made.certificate), replaced: current !== undefined },
    'made an RA certificate',
  );
  return made;
}

/** One key and certificate from two named files. Throws ConfigError. */
function loadRa(folder: string, name: string, passphrase?: string): KeyedCertificate {
  return loadKeyed(join(folder, `${name}.pem`), join(folder, `${name}.key.pem`), passphrase);
}

/** Throws ConfigError when a file cannot be read, or when others may read the key. */
export function loadKeyed(certificatePath: string, keyPath: string, passphrase?: string): KeyedCertificate {
  const [certificate] = certificatesFrom(readFile(certificatePath, 'an RA certificate'), certificatePath);
  const key = keyFromPem(readPrivateFile(keyPath, 'the key of an RA certificate').toString(), keyPath, passphrase);
  return { certificate: certificate!, key };
}

/** Signed by this CA, and not about to end. After the CA got a new key an RA of the old one is trusted by nobody. */
function fits(certificate: Uint8Array, ca: IssuingCa, clock: Clock): boolean {
  const issuer = new X509Certificate(ca.certificate);
  const own = new X509Certificate(certificate);
  const caEnd = readValidity(readCertificate(ca.certificate)).notAfter.getTime();
  const end = readValidity(readCertificate(certificate)).notAfter.getTime();
  const lasts = end - clock().getTime() > RENEW_BEFORE || end >= caEnd;
  return lasts && own.checkIssued(issuer) && own.verify(issuer.publicKey);
}

async function makeRa(
  folder: string,
  { file, purpose, words }: RaFiles,
  ca: IssuingCa,
  clock: Clock,
): Promise<KeyedCertificate> {
  const key = generateKey('rsa-2048');
  const certificate = await createRa(
    { subject: raSubject(ca.certificate, words), key, validity: VALIDITY, backdate: DAY, clock, random: systemRandom },
    { certificate: ca.certificate, key: ca.key },
    purpose,
  );
  writePrivateFile(join(folder, `${file}.key.pem`), privateKeyPem(key.privateKey, ca.passphrase));
  writePublicFile(join(folder, `${file}.pem`), certificatePem(certificate));
  return { certificate, key };
}

/** The name of the CA with these words behind its first common name, so that people see what belongs together. */
const raSubject = (ca: Uint8Array, words: string): string =>
  nameText(readCertificate(ca).subject).replace(/(^|,)CN=((?:\\.|[^,+\\])*)/, `$1CN=$2 ${words}`);

/**
 * Kept under another name when it opens messages; one that only signed is of no more use. The certificate goes last and
 * at once: a run that dies on the way finds either the old pair whole, or nothing and makes the next.
 */
function retire(folder: string, { file, purpose }: RaFiles, certificate: Uint8Array): void {
  const path = join(folder, `${file}.pem`);
  if (purpose === 'sign') return rmSync(path);
  const name = join(folder, `ra-${thumbprint(certificate).slice(0, 16).toLowerCase()}`);
  writePrivateFile(`${name}.key.pem`, readPrivateFile(join(folder, `${file}.key.pem`), 'the key of an RA certificate'));
  renameSync(path, `${name}.pem`);
}

/** Everything here that clients may have encrypted to, also before the RA was split or was made one; without `except`. */
const openersIn = (folder: string, passphrase: string | undefined, except: string): KeyedCertificate[] =>
  readdirSync(folder)
    .filter((file) => /^ra(-enc|-[0-9a-f]{16})?\.pem$/.test(file) && file !== `${except}.pem`)
    .map((file) => loadRa(folder, file.slice(0, -4), passphrase));
