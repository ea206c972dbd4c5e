/** The steps of a ceremony: a root, the request of an issuing CA, and its certificate. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { certificatesFrom } from '../app/certificate-files.ts';
import { readFile } from '../app/files.ts';
import { openKey } from '../app/key-ring.ts';
import { newKeyElsewhere } from '../app/new-key.ts';
import type { CaLimits } from '../ca/ca-limits.ts';
import { caName, type CaRequest, readCaRequest, writeCaRequest, writeRaRequest } from '../ca/ca-request.ts';
import { createIssuingCa, createRoot } from '../ca/create.ts';
import { readCaCertificate } from '../ca/ca-certificate.ts';
import { equalBytes } from '../core/bytes.ts';
import { defined } from '../core/defined.ts';
import { DAY } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { generateKey, type KeyChoice, privateKeyPem } from '../keys/software.ts';
import { certificatePem, requestPem } from '../pkix/pem.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { CA_FILES, writeBelow } from './ca-folder.ts';
import type { Passphrase } from './passphrase-option.ts';

/** The clocks of new devices are often hours slow. */
const BACKDATE = DAY;
const TIME = { clock: systemClock, random: systemRandom, backdate: BACKDATE };

/** A CA key: at `uri` or in a file of ours; made there when its kind is given, or when it is a file. */
export type WantedKey = { choice?: KeyChoice; uri?: string; passphrase?: Passphrase };

/** Writes certificate and key of a root below `dir` and returns the paths. Throws ConfigError. */
export async function newRoot(
  dir: string,
  { key: wanted, subject, days, limits }: { key: WantedKey; subject: string; days: number; limits: CaLimits },
): Promise<string[]> {
  const plan = { ...TIME, subject: caName(subject), validity: days * DAY };
  assertAbsent(dir, [CA_FILES.rootKey, CA_FILES.rootCertificate]);
  const { key, files } = await caKey(wanted, CA_FILES.rootKey);
  try {
    const certificate = await createRoot({ ...plan, key }, limits);
    return writeBelow(dir, [...files, { path: CA_FILES.rootCertificate, content: certificatePem(certificate) }]);
  } finally {
    await key.close?.();
  }
}

/** Writes key and request of an issuing CA below `dir`. Throws ConfigError; an existing key is never replaced. */
export async function requestCa(
  dir: string,
  { key: wanted, subject }: { key: WantedKey; subject: string },
): Promise<{ files: string[]; spki: Uint8Array }> {
  caName(subject);
  assertAbsent(dir, [CA_FILES.key, CA_FILES.request]);
  const { key, files } = await caKey(wanted, CA_FILES.key);
  try {
    const csr = await writeCaRequest(subject, key);
    return { files: writeBelow(dir, [...files, { path: CA_FILES.request, content: requestPem(csr) }]), spki: key.spki };
  } finally {
    await key.close?.();
  }
}

/** Writes key and request of an RA below `dir`, for a CA elsewhere. Throws ConfigError; an existing key is never replaced. */
export async function requestRa(
  dir: string,
  { key: { choice = 'rsa-3072', uri, passphrase }, subject }: { key: WantedKey; subject: string },
): Promise<{ files: string[]; spki: Uint8Array }> {
  if (!choice.startsWith('rsa'))
    throw new ConfigError(`--key ${choice}: clients encrypt to an RA`, 'Name an RSA key, such as --key rsa-3072.');
  caName(subject);
  assertAbsent(dir, [CA_FILES.raKey, CA_FILES.raRequest]);
  const { key, files } = await caKey({ choice, ...defined({ uri, passphrase }) }, CA_FILES.raKey);
  try {
    const content = requestPem(await writeRaRequest(subject, key));
    return { files: writeBelow(dir, [...files, { path: CA_FILES.raRequest, content }]), spki: key.spki };
  } finally {
    await key.close?.();
  }
}

/** Before a key is made: one in a token would stay there. */
function assertAbsent(dir: string, paths: readonly string[]): void {
  const present = paths.map((path) => join(dir, path)).find((path) => existsSync(path));
  if (present !== undefined)
    throw new ConfigError(`${present} is already there`, 'Choose another folder; nothing was changed.');
}

async function caKey({ choice, uri, passphrase }: WantedKey, path: string) {
  if (uri !== undefined)
    return { key: await (choice ? newCaKey(uri, choice, passphrase) : openCaKey(uri, passphrase)), files: [] };
  const key = generateKey(choice ?? 'rsa-4096');
  return { key, files: [{ path, content: privateKeyPem(key.privateKey, passphrase?.value), secret: true }] };
}

const newCaKey = (uri: string, choice: KeyChoice, passphrase: Passphrase | undefined): Promise<KeyProvider> =>
  newKeyElsewhere({ uri, what: 'the key of the CA', ...defined({ passphrase: passphrase?.value }) }, choice);

/** Opens a key by its URI. Throws ConfigError. */
export const openCaKey = (uri: string, passphrase: Passphrase | undefined): Promise<KeyProvider> =>
  openKey({ uri, what: 'the key of the CA', ...defined({ passphrase: passphrase?.value }) });

/** What `ca sign` is given. Files are paths; `key` is the URI of the key of the CA above. */
export type Signing = {
  certificate: string;
  key: string;
  passphrase?: Passphrase;
  csr: string;
  days: number;
  limits: CaLimits;
};

/** A certificate, DER, for the request of an issuing CA. Throws ConfigError. */
export async function signCa(signing: Signing): Promise<{ certificate: Uint8Array; request: CaRequest }> {
  const [issuer] = certificatesFrom(
    readFile(signing.certificate, 'the certificate of the CA that signs'),
    signing.certificate,
  );
  const request = readCaRequest(csrIn(signing.csr), signing.csr);
  const key = await openCaKey(signing.key, signing.passphrase);
  try {
    assertKeyOf(issuer, key, signing.certificate);
    const { subject, key: requested } = request;
    const plan = { ...TIME, subject, key: requested, validity: signing.days * DAY };
    return { certificate: await createIssuingCa(plan, { certificate: issuer, key }, signing.limits), request };
  } finally {
    await key.close?.();
  }
}

const REQUEST = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/;

function csrIn(path: string): Uint8Array {
  const content = readFile(path, 'the request of the issuing CA');
  const [, base64] = REQUEST.exec(content.toString('latin1')) ?? [];
  return base64 === undefined ? content : Buffer.from(base64, 'base64');
}

/** Throws ConfigError when `key` is not that of `certificate`, DER. */
export function assertKeyOf(certificate: Uint8Array, key: KeyProvider, where: string): void {
  const { publicKey, text } = readCaCertificate(certificate, systemClock());
  if (equalBytes(publicKey.spki, readPublicKey(key.spki).spki)) return;
  throw new ConfigError(`${where}: the key is not that of ${text}`, 'Give the key that belongs to this certificate.');
}
