/** RA certificates beside an issuing CA: created when missing, renewed in time, old ones kept to decrypt with. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RaPurpose } from '../ca/create.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem, privateKeyPem } from '../keys/software.ts';
import { thumbprint } from '../pkix/certificate.ts';
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
import { systemClock } from '../embed/system.ts';
import { inTurn, type InTurn } from './in-turn.ts';
import {
  type IssuingCa,
  isUsable,
  type LoadedRa,
  newRa,
  type NewRa,
  partiesName,
  type RaForm,
  sayMade,
} from './ra-certificate.ts';

/** The folder of an RA: that of the certificate of the CA, or one for its parties there. */
const folderOf = ({ path, parties }: IssuingCa): string =>
  parties === undefined ? dirname(path) : join(dirname(path), `ra-${partiesName(parties)}`);

/** A certificate and its key in two files. */
type RaFiles = { file: string; purpose: RaPurpose };
const RA_FILES = {
  auto: { file: 'ra', purpose: 'both' },
  sign: { file: 'ra-sign', purpose: 'sign' },
  encrypt: { file: 'ra-enc', purpose: 'encrypt' },
  kem: { file: 'ra-kem', purpose: 'kem' },
} as const satisfies Record<string, RaFiles>;

/** The pair that decrypts. */
const DECRYPTS: Readonly<Record<RaForm, RaFiles>> = {
  auto: RA_FILES.auto,
  split: RA_FILES.encrypt,
  kem: RA_FILES.kem,
};

/**
 * In the folder of the issuing CA's certificate, or of the parties: `ra.pem` and `ra.key.pem`, or the pairs `ra-sign` and
 * `ra-enc` where it is split, or `ra-kem`. Certificates that were in use before stay beside them as `ra-<thumbprint>` or `ra-kem-<thumbprint>`
 * and decrypt messages as long as they are there. Throws ConfigError.
 */
export const automaticRa = (form: RaForm, ca: IssuingCa, emit: Emit, clock: Clock = systemClock): Promise<LoadedRa> =>
  inFolder(folderOf(ca))(() => madeRa(form, ca, emit, clock));

const folders = new Map<string, InTurn>();

/** A reload and the job that renews may come at the same time: the second one finds what the first one made. */
function inFolder(folder: string): InTurn {
  const turns = folders.get(folder) ?? inTurn();
  folders.set(folder, turns);
  return turns;
}

async function madeRa(form: RaForm, ca: IssuingCa, emit: Emit, clock: Clock): Promise<LoadedRa> {
  const current = (files: RaFiles) => currentRa(files, ca, emit, clock);
  const ra = await current(DECRYPTS[form]);
  const retired = await retiredIn(ca, form);
  return form === 'split' ? { ...ra, retired, signer: await current(RA_FILES.sign) } : { ...ra, retired };
}

async function currentRa(files: RaFiles, ca: IssuingCa, emit: Emit, clock: Clock): Promise<KeyedCertificate> {
  const folder = folderOf(ca);
  const current = await loadIfThere(files, ca);
  if (current && isUsable(current.certificate, ca, clock)) return current;
  const made = await keptBesideCa(folder, async () => {
    if (current) retire(folder, files, current.certificate);
    return makeRa(folder, files, ca, clock);
  });
  sayMade(emit, made, current !== undefined);
  return made;
}

const loadIfThere = async ({ file }: RaFiles, ca: IssuingCa): Promise<KeyedCertificate | undefined> =>
  existsSync(join(folderOf(ca), `${file}.pem`)) ? loadRa(ca, file) : undefined;

/**
 * Whether `automaticRa` could be called, without making anything. Returns a warning when there is an RA now that could
 * not be renewed later. Throws ConfigError.
 */
export async function checkAutomaticRa(
  form: RaForm,
  ca: IssuingCa,
  clock: Clock = systemClock,
): Promise<string | undefined> {
  const wanted = [DECRYPTS[form], ...(form === 'split' ? [RA_FILES.sign] : [])];
  const loaded = await Promise.all(wanted.map((files) => loadIfThere(files, ca)));
  await retiredIn(ca, form);
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
export const presentAutomaticRa = (form: RaForm, folder: string): Uint8Array[] =>
  (form === 'split' ? [RA_FILES.sign, RA_FILES.encrypt] : [RA_FILES.auto])
    .map(({ file }) => join(folder, `${file}.pem`))
    .filter((file) => existsSync(file))
    .map(readRaCertificate);

const OWN_FILE = /^ra(-sign|-enc|(-kem)?(-[0-9a-f]{16})?)?(\.key)?\.pem$/;
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

async function makeRa(folder: string, { file, purpose }: RaFiles, ca: IssuingCa, clock: Clock): Promise<NewRa> {
  const made = await newRa(ca, purpose, clock);
  writePrivateFile(join(folder, `${file}.key.pem`), privateKeyPem(made.key.privateKey, ca.passphrase));
  writePublicFile(join(folder, `${file}.pem`), certificatePem(made.certificate));
  return made;
}

/**
 * Renames a pair that decrypts messages, and removes one that only signed. The certificate is renamed last, in one step:
 * after a crash in between, the next run finds either the complete old pair or none, and creates a new one.
 */
function retire(folder: string, { file, purpose }: RaFiles, certificate: Uint8Array): void {
  const path = join(folder, `${file}.pem`);
  if (purpose === 'sign') return writing(path, () => rmSync(path));
  const name = join(folder, `${purpose === 'kem' ? file : 'ra'}-${thumbprint(certificate).slice(0, 16).toLowerCase()}`);
  writePrivateFile(`${name}.key.pem`, readPrivateFile(join(folder, `${file}.key.pem`), 'the key of an RA certificate'));
  writing(path, () => renameSync(path, `${name}.pem`));
}

/** The RA as it is in its files; undefined when there is none. Makes none. Throws ConfigError. */
export async function existingAutomaticRa(form: RaForm, ca: IssuingCa): Promise<LoadedRa | undefined> {
  const ra = await loadIfThere(DECRYPTS[form], ca);
  const signer = form === 'split' ? await loadIfThere(RA_FILES.sign, ca) : undefined;
  return ra && { ...ra, retired: await retiredIn(ca, form), ...defined({ signer }) };
}

/** Every pair in the folder of the RA, those that were in use before too. Throws ConfigError. */
export const filedRas = (ca: IssuingCa): NewRa[] =>
  filesIn(folderOf(ca))
    .filter((file) => OWN_FILE.test(file) && !file.endsWith('.key.pem'))
    .map((file) => {
      const path = join(folderOf(ca), file.replace(/\.pem$/, '.key.pem'));
      const pem = readPrivateFile(path, 'the key of an RA certificate').toString();
      return { certificate: readRaCertificate(join(folderOf(ca), file)), key: keyFromPem(pem, path, ca.passphrase) };
    });

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

const RETIRED = /^ra(-enc|-[0-9a-f]{16})?\.pem$/;
const RETIRED_KEM = /^ra-kem-[0-9a-f]{16}\.pem$/;

/** Every other pair to which clients may have encrypted, also before the form of the RA changed. */
const retiredIn = (ca: IssuingCa, form: RaForm): Promise<KeyedCertificate[]> =>
  Promise.all(
    filesIn(folderOf(ca))
      .filter((file) => (form === 'kem' ? RETIRED_KEM : RETIRED).test(file) && file !== `${DECRYPTS[form].file}.pem`)
      .map((file) => loadRa(ca, file.slice(0, -4))),
  );
