/** Real certificate and key files: authorities, a CA to come, and RA certificates, valid at the present time. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { privateKeyPem, type SoftwareKey } from '../../src/keys/software.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import type { Keyed } from '../kit/pki.ts';

export const clock = (): Date => new Date();
export const random = (length: number): Uint8Array => randomBytes(length);
export const DAY = 86_400_000;

/** Everything that the tests of this process write; it is gone when they end. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'openndes-wiring-'));
const ends: (() => Promise<void>)[] = [];
after(async () => {
  await Promise.all(ends.map((end) => end()));
  rmSync(FOLDER, { recursive: true, force: true });
});
/** What is to be ended with the tests of this process, and not with the one test that started it. */
export const atEnd = (end: () => Promise<void>): void => void ends.push(end);

/** Writes a file that only its owner may read, and returns its absolute path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const wanted = (subject: string, key: SoftwareKey, days: number) => ({
  subject,
  key,
  validity: days * DAY,
  backdate: 10 * DAY,
  clock,
  random,
});

/** An RA certificate for this key, signed by the CA. */
export const raOf = async (ca: Keyed, key: SoftwareKey, days = 300): Promise<Keyed> => ({
  key,
  certificate: await createRa(wanted('CN=Wiring RA', key, days), ca),
});

/** A root CA for this key, which issues by itself. */
export const rootOf = async (subject: string, key: SoftwareKey): Promise<Keyed> => ({
  key,
  certificate: await createRoot(wanted(subject, key, 4000)),
});
const issuingOf = async (subject: string, key: SoftwareKey): Promise<Keyed> => ({
  key,
  certificate: await createIssuingCa(wanted(subject, key, 3999), root),
});

export const root = await rootOf('CN=Wiring Root', ecKey('wiring root'));
export const issuing = await issuingOf('CN=Wiring Issuing', ecKey('wiring issuing'));
/** A root that issues by itself. */
export const second = await rootOf('CN=Wiring Second', ecKey('wiring second'));
/** A root that issued before this server did. */
export const earlier = await rootOf('CN=Wiring Earlier', ecKey('wiring earlier'));
export const next = await issuingOf('CN=Wiring Next', ecKey('wiring next'));
export const ra = await raOf(issuing, rsaKey('wiring ra'));
export const retired = await raOf(issuing, rsaKey('wiring retired'));
export const secondRa = await raOf(second, rsaKey('wiring second ra'));

const pem = ({ certificate }: Keyed): string => new X509Certificate(certificate).toString();

/** Certificates, PEM, in one file. */
export const certificateFile = (name: string, ...all: readonly Keyed[]): string => file(name, all.map(pem).join(''));

/** Both files of a certificate and its key, which is encrypted when a passphrase is given. */
export const keyedFiles = (name: string, keyed: Keyed, passphrase?: string) => ({
  certificate: certificateFile(`${name}.pem`, keyed),
  key: file(`${name}.key.pem`, privateKeyPem(keyed.key.privateKey, passphrase)),
});

/** The authority `issuing` with an RA of its own, as a section of the configuration. */
export const issuingSection = {
  ...keyedFiles('issuing/ca', issuing),
  chain: certificateFile('issuing/chain.pem', root),
  ra: keyedFiles('issuing/ra', ra),
};
/** The same for the authority `second`. */
export const secondSection = { ...keyedFiles('second/ca', second), ra: keyedFiles('second/ra', secondRa) };

const NAMED = { root, issuing, second, earlier, next, ra, retired, secondRa };
/** The names of certificates, which are told apart by their octets; an unknown certificate has its subject for a name. */
export const namesOf = (certificates: readonly Uint8Array[]): string[] =>
  certificates.map(
    (der) =>
      Object.entries(NAMED).find(([, { certificate }]) => Buffer.compare(certificate, der) === 0)?.[0] ??
      new X509Certificate(der).subject,
  );
