/** The CA of the simulator, for tests only, and the server certificate that it issues for loopback. */
import { DAY } from '../core/durations.ts';
import type { Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../keys/software.ts';
import { writeCertificate } from '../pkix/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyIdentifier,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { certificatePem } from '../pkix/pem.ts';

const CA_NAME = nameFromText('CN=openndes simulator CA (for tests only)');
const SERVER_NAME = nameFromText('CN=openndes simulator');
const HOSTS = ['dns:localhost', 'ip:127.0.0.1'];
const CA_DAYS = 3650;
const SERVER_DAYS = 365;

/** Private key and certificate, both PEM. */
export type TlsCredential = { key: string; certificate: string };

/** A new CA, valid for ten years. `random` gives the serial number. */
export async function newAuthority(now: Date, random: RandomBytes): Promise<TlsCredential> {
  const key = generateKey('p256');
  const extensions = [basicConstraints(true, 0), keyUsage(['keyCertSign', 'cRLSign']), subjectKeyIdentifier(key.spki)];
  const der = await certify({ subject: CA_NAME, key, days: CA_DAYS, extensions }, key, now, random);
  return { key: privateKeyPem(key.privateKey), certificate: certificatePem(der) };
}

/** A new server key and certificate for localhost, 127.0.0.1 and `names`, valid for a year. Made at every start. */
export async function serverCredential(
  authority: TlsCredential,
  now: Date,
  random: RandomBytes,
  names: readonly string[] = [],
): Promise<TlsCredential> {
  const issuer = keyFromPem(authority.key, 'the CA key in the state of the simulator');
  const key = generateKey('p256');
  const extensions = [
    basicConstraints(false),
    keyUsage(['digitalSignature']),
    extendedKeyUsage([EXTENDED_KEY_USAGES.serverAuth]),
    subjectAltName([...HOSTS, ...names.map((name) => `dns:${name}`)].map(generalNameFromText)),
    authorityKeyIdentifier(keyIdentifier(issuer.spki)),
  ];
  const der = await certify({ subject: SERVER_NAME, key, days: SERVER_DAYS, extensions }, issuer, now, random);
  return { key: privateKeyPem(key.privateKey), certificate: certificatePem(der) };
}

type SimulatorCertificate = { subject: Uint8Array; key: KeyProvider; days: number; extensions: readonly Extension[] };

/** Valid since the day before `now`, because clocks differ. */
const certify = (
  { subject, key, days, extensions }: SimulatorCertificate,
  issuer: KeyProvider,
  now: Date,
  random: RandomBytes,
): Promise<Uint8Array> => {
  const notBefore = new Date(now.getTime() - DAY);
  const notAfter = new Date(now.getTime() + days * DAY);
  const serialNumber = random(16);
  return writeCertificate(
    { serialNumber, issuer: CA_NAME, subject, notBefore, notAfter, spki: key.spki, extensions },
    issuer,
  );
};
