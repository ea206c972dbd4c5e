/** RA certificates beside an issuing CA: created when missing, renewed in time, old ones kept to decrypt with. */
import { hash, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRa, type RaPurpose } from '../ca/create.ts';
import { DAY } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { KeyProvider } from '../core/keys.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { generateKey, privateKeyPem } from '../keys/software.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { certificatePem } from '../pkix/pem.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import { processUser } from './file-guard.ts';
import {
  assertWritable,
  readPrivateFile,
  readTrustedFile,
  writePrivateFile,
  writePublicFile,
  writing,
} from './files.ts';
import { type KeyPlace, openKey } from './key-ring.ts';
import { certificatesFrom } from './certificate-files.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/**
 * The issuing CA of an RA. `passphrase` also protects the RA key. `open` opens the RA keys: `openKey` when absent.
 * `chainEnd` is when the first of the CA and those above it ends: the end of the CA when absent. `parties` is as in
 * `challengeParties`: each such set has an RA of its own, in a folder of its own.
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

/** The folder of an RA: that of the certificate of the CA, or one for its parties there. */
const folderOf = ({ path, parties }: IssuingCa): string =>
  parties === undefined ? dirname(path) : join(dirname(path), `ra-${partiesName(parties)}`);

/** `intune-` and 8 digits. Not the parties themselves: one can be an internal URL, and the subject of an RA is public. */
function partiesName(parties: string): string {
  const kinds = [...new Set(parties.split('\n').map((party) => party.split(' ')[0]))];
  return `${kinds.join('-')}-${hash('sha256', parties, 'hex').slice(0, 8)}`;
}

/** Decrypts with its own key and with those of `retired`. `signer` signs, where it is another certificate. */
export type LoadedRa = KeyedCertificate & { signer?: KeyedCertificate; retired: KeyedCertificate[] };

const VALIDITY = 2 * 365 * DAY;
/** Early enough that every client has fetched the next one before this one ends. */
const RENEW_BEFORE = 30 * DAY;

/** A certificate and its key in two files. `suffix` follows the common name of the CA in the subject. */
type RaFiles = { file: string; purpose: RaPurpose; suffix: string };
const RA_FILES = {
  auto: { file: 'ra', purpose: 'both', suffix: 'RA' },
  sign: { file: 'ra-sign', purpose: 'sign', suffix: 'RA Signature' },
  encrypt: { file: 'ra-enc', purpose: 'encrypt', suffix: 'RA Encryption' },
} as const satisfies Record<string, RaFiles>;

/**
 * In the folder of the issuing CA's certificate, or of the parties: `ra.pem` and `ra.key.pem`, or the pairs `ra-sign` and
 * `ra-enc` where it is split. Certificates that were in use before stay beside them as `ra-<thumbprint>` and decrypt messages as long as
 * they are there. Throws ConfigError.
 */
export const automaticRa = (
  form: 'auto' | 'split',
  ca: IssuingCa,
  emit: Emit,
  clock: Clock = systemClock,
): Promise<LoadedRa> => oneAtATime(folderOf(ca), () => madeRa(form, ca, emit, clock));

async function madeRa(form: 'auto' | 'split', ca: IssuingCa, emit: Emit, clock: Clock): Promise<LoadedRa> {
  const current = (files: RaFiles) => currentRa(files, ca, emit, clock);
  const decrypts = form === 'split' ? RA_FILES.encrypt : RA_FILES.auto;
  const ra = await current(decrypts);
  const retired = await retiredIn(ca, decrypts.file);
  return form === 'split' ? { ...ra, retired, signer: await current(RA_FILES.sign) } : { ...ra, retired };
}

/** The last work in each folder, which does not reject. */
const last = new Map<string, Promise<unknown>>();

/** A reload and the job that renews may come at the same time: the second one finds what the first one made. */
function oneAtATime<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const done = (last.get(folder) ?? Promise.resolve()).then(work);
  last.set(
    folder,
    done.catch(() => undefined),
  );
  return done;
}

async function currentRa(files: RaFiles, ca: IssuingCa, emit: Emit, clock: Clock): Promise<KeyedCertificate> {
  const folder = folderOf(ca);
  const current = await loadIfThere(files, ca);
  if (current && isUsable(current.certificate, ca, clock)) return current;
  const made = await keptBesideCa(folder, async () => {
    if (current) retire(folder, files, current.certificate);
    return makeRa(folder, files, ca, clock);
  });
  const subject = nameText(readCertificate(made.certificate).subject);
  const replaced = current !== undefined;
  emit({ event: 'ra-made', subject, thumbprint: thumbprint(made.certificate), replaced });
  return made;
}

const loadIfThere = async ({ file }: RaFiles, ca: IssuingCa): Promise<KeyedCertificate | undefined> =>
  existsSync(join(folderOf(ca), `${file}.pem`)) ? loadRa(ca, file) : undefined;

/**
 * Whether `automaticRa` could be called, without making anything. Returns a warning when there is an RA now that could
 * not be renewed later. Throws ConfigError.
 */
export async function checkAutomaticRa(
  form: 'auto' | 'split',
  ca: IssuingCa,
  clock: Clock = systemClock,
): Promise<string | undefined> {
  const wanted = form === 'split' ? [RA_FILES.encrypt, RA_FILES.sign] : [RA_FILES.auto];
  const loaded = await Promise.all(wanted.map((files) => loadIfThere(files, ca)));
  await retiredIn(ca, wanted[0]?.file ?? '');
  const folder = folderOf(ca);
  try {
    const nearest = existsSync(folder) ? folder : dirname(folder);
    await keptBesideCa(nearest, async () => assertWritable(join(nearest, 'ra.pem')));
    return undefined;
  } catch (error) {
    const usable = loaded.every((current) => current && isUsable(current.certificate, ca, clock));
    if (!usable || !(error instanceof ConfigError)) throw error;
    return `${error.message}, so it cannot be renewed. ${error.remedy}`;
  }
}

/** Throws ConfigError when the folder of the CA cannot be written. */
async function keptBesideCa<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof ConfigError) || !cause.message.startsWith(folder)) throw cause;
    throw new ConfigError(
      `${cause.message} (\`ra: auto\` and \`ra: split\` keep the RA beside the CA certificate)`,
      `Give the user ${processUser()} the right to write into ${folder}, or make an RA elsewhere and name it under \`ra\`.`,
      { cause },
    );
  }
}

/** One certificate and its key from two files in the folder of the RA. Throws ConfigError. */
async function loadRa(ca: IssuingCa, name: string): Promise<KeyedCertificate> {
  const { passphrase, open = openKey } = ca;
  const folder = folderOf(ca);
  const certificate = readRaCertificate(join(folder, `${name}.pem`));
  const uri = `file:${join(folder, `${name}.key.pem`)}`;
  return { certificate, key: await open(raKey(uri, passphrase)) };
}

/** The current certificates of an automatic RA as they are in their files, DER; none before the first start. */
export const presentAutomaticRa = (form: 'auto' | 'split', folder: string): Uint8Array[] =>
  (form === 'split' ? [RA_FILES.sign, RA_FILES.encrypt] : [RA_FILES.auto])
    .map(({ file }) => join(folder, `${file}.pem`))
    .filter((file) => existsSync(file))
    .map(readRaCertificate);

const OWN_FILE = /^ra(-sign|-enc|-[0-9a-f]{16})?(\.key)?\.pem$/;
const PARTY_FOLDER = /^ra-.*-[0-9a-f]{8}$/;

/** Every file of automatic RAs that there is for a CA whose certificate is in this folder: certificates and keys. */
export const automaticRaFiles = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    const path = join(folder, each.name);
    if (each.isDirectory()) return PARTY_FOLDER.test(each.name) ? automaticRaFiles(path) : [];
    return OWN_FILE.test(each.name) ? [path] : [];
  });

/** The first certificate of a file, DER. Throws ConfigError when the file cannot be read. */
export function readRaCertificate(path: string): Uint8Array {
  const [certificate] = certificatesFrom(readTrustedFile(path, 'an RA certificate'), path);
  if (!certificate) throw new ConfigError(`${path}: no certificate`, 'It must be a certificate in PEM or DER.');
  return certificate;
}

/** The place of the key of an RA certificate. */
export const raKey = (uri: string, passphrase: string | undefined): KeyPlace => ({
  uri,
  what: 'the key of an RA certificate',
  ...defined({ passphrase }),
});

/** Whether `automaticRa` would keep it, and not make the next one. */
export const keepsRa = ({ signer, certificate }: LoadedRa, ca: IssuingCa, clock: Clock): boolean =>
  [certificate, ...(signer ? [signer.certificate] : [])].every((der) => isUsable(der, ca, clock));

/** Whether this CA signed it, and it is valid and does not end soon: a clock that was wrong made one for the future. Clients do not trust an RA from an earlier key of the CA. */
function isUsable(certificate: Uint8Array, ca: IssuingCa, clock: Clock): boolean {
  const issuer = new X509Certificate(ca.certificate);
  const own = new X509Certificate(certificate);
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  const [now, end] = [clock().getTime(), notAfter.getTime()];
  const lasts = notBefore.getTime() <= now && (end - now > RENEW_BEFORE || end >= endOfChain(ca).getTime());
  return lasts && own.checkIssued(issuer) && own.verify(issuer.publicKey);
}

/** Clients that check the chain reject an RA after the end of anything above it. */
const endOfChain = ({ certificate, chainEnd }: IssuingCa): Date =>
  chainEnd ?? readValidity(readCertificate(certificate)).notAfter;

async function makeRa(
  folder: string,
  { file, purpose, suffix }: RaFiles,
  ca: IssuingCa,
  clock: Clock,
): Promise<KeyedCertificate> {
  const key = generateKey('rsa-2048');
  const validity = Math.min(VALIDITY, endOfChain(ca).getTime() - clock().getTime());
  const certificate = await createRa(
    {
      subject: raSubject(ca.certificate, [suffix, ca.parties && partiesName(ca.parties)].filter(Boolean).join(' ')),
      key,
      validity,
      backdate: DAY,
      clock,
      random: systemRandom,
    },
    { certificate: ca.certificate, key: ca.key },
    purpose,
  );
  writePrivateFile(join(folder, `${file}.key.pem`), privateKeyPem(key.privateKey, ca.passphrase));
  writePublicFile(join(folder, `${file}.pem`), certificatePem(certificate));
  return { certificate, key };
}

/** The name of the CA with the suffix after its first common name, so that people see which CA it belongs to. */
const raSubject = (ca: Uint8Array, suffix: string): string =>
  nameText(readCertificate(ca).subject).replace(/(^|,)CN=((?:\\.|[^,+\\])*)/, `$1CN=$2 ${suffix}`);

/**
 * Renames a pair that decrypts messages, and removes one that only signed. The certificate is renamed last, in one step:
 * after a crash in between, the next run finds either the complete old pair or none, and creates a new one.
 */
function retire(folder: string, { file, purpose }: RaFiles, certificate: Uint8Array): void {
  const path = join(folder, `${file}.pem`);
  if (purpose === 'sign') return writing(path, () => rmSync(path));
  const name = join(folder, `ra-${thumbprint(certificate).slice(0, 16).toLowerCase()}`);
  writePrivateFile(`${name}.key.pem`, readPrivateFile(join(folder, `${file}.key.pem`), 'the key of an RA certificate'));
  writing(path, () => renameSync(path, `${name}.pem`));
}

/** The RA as it is in its files; undefined when there is none. Makes none. Throws ConfigError. */
export async function existingAutomaticRa(form: 'auto' | 'split', ca: IssuingCa): Promise<LoadedRa | undefined> {
  const decrypts = form === 'split' ? RA_FILES.encrypt : RA_FILES.auto;
  const ra = await loadIfThere(decrypts, ca);
  const signer = form === 'split' ? await loadIfThere(RA_FILES.sign, ca) : undefined;
  return ra && { ...ra, retired: await retiredIn(ca, decrypts.file), ...defined({ signer }) };
}

/** Every other pair to which clients may have encrypted, also before the form of the RA changed. */
const retiredIn = (ca: IssuingCa, current: string): Promise<KeyedCertificate[]> =>
  Promise.all(
    (existsSync(folderOf(ca)) ? readdirSync(folderOf(ca)) : [])
      .filter((file) => /^ra(-enc|-[0-9a-f]{16})?\.pem$/.test(file) && file !== `${current}.pem`)
      .map((file) => loadRa(ca, file.slice(0, -4))),
  );
