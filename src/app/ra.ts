/** The RA certificates beside an issuing CA: made when missing, renewed before they end, old ones kept to open with. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRa } from '../ca/create.ts';
import type { KeyProvider, Logger } from '../core/contracts.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../keys/software.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import { readFile, readPrivateFile, writePrivateFile, writePublicFile } from './files.ts';
import { certificatePem, certificatesFrom } from './pem.ts';
import { systemClock, systemRandom } from './system.ts';

/** The issuing CA for which an RA is wanted. `passphrase` also protects the RA key. */
export type IssuingCa = { path: string; certificate: Uint8Array; key: KeyProvider; passphrase?: string };
export type LoadedRa = KeyedCertificate & { retired: KeyedCertificate[] };

const DAY = 86_400_000;
const VALIDITY = 2 * 365 * DAY;
/** Long enough before its end that every client has fetched the next one. */
const RENEW_BEFORE = 30 * DAY;

/** `ra.pem` and `ra.key.pem` in the folder of the issuing CA's certificate, and the retired `ra-*.pem` beside them. */
export async function automaticRa(ca: IssuingCa, logger: Logger): Promise<LoadedRa> {
  const folder = dirname(ca.path);
  const current = existsSync(join(folder, 'ra.pem')) ? loadRa(folder, 'ra', ca.passphrase) : undefined;
  if (current && fits(current.certificate, ca)) return { ...current, retired: retiredIn(folder, ca.passphrase) };
  if (current) retire(folder, current.certificate);
  const made = await makeRa(folder, ca);
  const subject = nameText(readCertificate(made.certificate).subject);
  logger.info(
    { subject, thumbprint: thumbprint(made.certificate), replaced: current !== undefined },
    'made an RA certificate',
  );
  return { ...made, retired: retiredIn(folder, ca.passphrase) };
}

/** One key and certificate from two named files. Throws ConfigError. */
export function loadRa(folder: string, name: string, passphrase?: string): KeyedCertificate {
  return loadKeyed(join(folder, `${name}.pem`), join(folder, `${name}.key.pem`), passphrase);
}

export function loadKeyed(certificatePath: string, keyPath: string, passphrase?: string): KeyedCertificate {
  const [certificate] = certificatesFrom(readFile(certificatePath, 'an RA certificate'), certificatePath);
  const key = keyFromPem(readPrivateFile(keyPath, 'the key of an RA certificate').toString(), keyPath, passphrase);
  return { certificate: certificate!, key };
}

/** Issued by this CA, and not about to end. After the CA was renewed an RA of the old one is trusted by nobody. */
function fits(certificate: Uint8Array, ca: IssuingCa): boolean {
  const view = readCertificate(certificate);
  const issuedByIt = Buffer.compare(view.issuer, readCertificate(ca.certificate).subject) === 0;
  const caEnd = readValidity(readCertificate(ca.certificate)).notAfter.getTime();
  const end = readValidity(view).notAfter.getTime();
  return issuedByIt && (end - systemClock().getTime() > RENEW_BEFORE || end >= caEnd);
}

async function makeRa(folder: string, ca: IssuingCa): Promise<KeyedCertificate> {
  const key = generateKey('rsa-2048');
  const subject = raSubject(ca.certificate);
  const certificate = await createRa(
    { subject, key, validity: VALIDITY, backdate: DAY, clock: systemClock, random: systemRandom },
    { certificate: ca.certificate, key: ca.key },
  );
  writePrivateFile(join(folder, 'ra.key.pem'), privateKeyPem(key.privateKey, ca.passphrase));
  writePublicFile(join(folder, 'ra.pem'), certificatePem(certificate));
  return { certificate, key };
}

/** The name of the CA with `RA` behind its first common name, so that people see what belongs together. */
const raSubject = (ca: Uint8Array): string =>
  nameText(readCertificate(ca).subject).replace(/(^|,)CN=((?:\\.|[^,+\\])*)/, '$1CN=$2 RA');

function retire(folder: string, certificate: Uint8Array): void {
  const name = `ra-${thumbprint(certificate).slice(0, 16).toLowerCase()}`;
  renameSync(join(folder, 'ra.key.pem'), join(folder, `${name}.key.pem`));
  renameSync(join(folder, 'ra.pem'), join(folder, `${name}.pem`));
}

const retiredIn = (folder: string, passphrase: string | undefined): KeyedCertificate[] =>
  readdirSync(folder)
    .filter((file) => /^ra-[0-9a-f]{16}\.pem$/.test(file))
    .map((file) => loadRa(folder, file.slice(0, -4), passphrase));
