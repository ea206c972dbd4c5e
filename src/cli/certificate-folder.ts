/** The folder of one certificate: its key and chain, and the request that is not answered yet. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientSigner } from '../client/request-message.ts';
import type { Extension } from '../core/request.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { readCertificationRequest } from '../pkix/csr.ts';
import { writeExtension } from '../pkix/extensions.ts';
import { readFile, readPrivateFile, writePrivateFile, writePublicFile } from '../app/files.ts';
import { certificatesFrom } from '../app/certificate-files.ts';
import { certificatePem } from '../pkix/pem.ts';

/** A waiting request has its own key file: it may be refused, and then the certificate still needs the old key. */
const FILES = {
  key: 'key.pem',
  certificate: 'certificate.pem',
  chain: 'chain.pem',
  waitingKey: 'waiting.key.pem',
  waitingSigner: 'waiting.signer.pem',
  waitingRequest: 'waiting.csr',
} as const;

/** `csr` is DER and contains the challenge. `transient`: the key that signs the messages, where `key` does not. */
export type WaitingRequest = { key: SoftwareKey; csr: Uint8Array; transient?: SoftwareKey };

/** A certificate with its key; `chain` holds the CAs above it. Certificates are DER. */
export type CertificateAndKey = { certificate: Uint8Array; chain: readonly Uint8Array[]; key: SoftwareKey };

/** All methods throw ConfigError when a file cannot be read, and for a private key that other users can read. */
export type CertificateFolder = {
  /** The request of an earlier run that was not answered. */
  waiting(): WaitingRequest | undefined;
  /** Saves a request before it is sent, so that the same command can poll for it when the reply is lost. */
  saveRequest(request: WaitingRequest): void;
  /** Deletes the request that waits: it was answered. */
  discardRequest(): void;
  /** Writes certificate, chain and key, deletes the request that waits, and returns the paths. */
  save(issued: CertificateAndKey): string[];
  hasCertificate(): boolean;
  /** The key in the folder, where there is one. */
  ownKey(): SoftwareKey | undefined;
  /** Certificate and key, to sign a renewal. Throws ConfigError when they are not there. */
  signer(): ClientSigner;
};

/** The folder need not exist; it is made by the first write. */
export function certificateFolder(dir: string): CertificateFolder {
  const path = (file: keyof typeof FILES): string => join(dir, FILES[file]);
  const has = (file: keyof typeof FILES): boolean => existsSync(path(file));
  const key = (file: 'key' | 'waitingKey' | 'waitingSigner'): SoftwareKey =>
    keyFromPem(readPrivateFile(path(file), 'the key of the certificate').toString(), path(file));
  const discardRequest = (): void => {
    // The request first: a key without a request is ignored by the next run.
    for (const file of ['waitingRequest', 'waitingKey', 'waitingSigner'] as const) rmSync(path(file), { force: true });
  };
  return {
    waiting: () =>
      has('waitingRequest') && has('waitingKey')
        ? {
            key: key('waitingKey'),
            csr: readPrivateFile(path('waitingRequest'), 'the request that waits'),
            ...(has('waitingSigner') && { transient: key('waitingSigner') }),
          }
        : undefined,
    saveRequest(request) {
      writePrivateFile(path('waitingKey'), privateKeyPem(request.key.privateKey));
      if (request.transient) writePrivateFile(path('waitingSigner'), privateKeyPem(request.transient.privateKey));
      writePrivateFile(path('waitingRequest'), request.csr);
    },
    discardRequest,
    save({ certificate, chain, key: issuedKey }) {
      writePrivateFile(path('key'), privateKeyPem(issuedKey.privateKey));
      writePublicFile(path('certificate'), certificatePem(certificate));
      writePublicFile(path('chain'), certificatePem(...chain));
      discardRequest();
      return (['key', 'certificate', 'chain'] as const).map(path);
    },
    hasCertificate: () => has('certificate'),
    ownKey: () => (has('key') ? key('key') : undefined),
    signer: () => ({ certificate: certificateIn(path('certificate')), key: key('key') }),
  };
}

const certificateIn = (path: string): Uint8Array =>
  certificatesFrom(readFile(path, 'the certificate of the earlier enrolment'), path)[0];

/** Throws ConfigError when the request that waits in `dir` asks for another certificate than the command. */
export function assertSameRequest(
  { csr }: WaitingRequest,
  wanted: { subject: Uint8Array; extensions: readonly Extension[] },
  dir: string,
): void {
  if (namesOf(readCertificationRequest(csr)) !== namesOf(wanted))
    throw new ConfigError(
      `a request for another certificate waits in ${dir}`,
      `Run the same command as before, take another folder, or delete ${join(dir, FILES.waitingRequest)} to discard it.`,
    );
}

const namesOf = ({ subject, extensions }: { subject: Uint8Array; extensions: readonly Extension[] }): string =>
  [subject, ...extensions.map(writeExtension)].map((der) => Buffer.from(der).toString('hex')).join();
