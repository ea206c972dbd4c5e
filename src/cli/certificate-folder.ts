/** The folder of one certificate: its key and chain, and beside them the request that still waits for its answer. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientSigner } from '../client/request-message.ts';
import type { Extension } from '../core/request.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { readCertificationRequest } from '../pkix/csr.ts';
import { writeExtension } from '../pkix/extensions.ts';
import { readFile, readPrivateFile, writePrivateFile, writePublicFile } from '../app/files.ts';
import { certificatePem, certificatesFrom } from '../app/pem.ts';

/** A certificate must not lose its key to a request that may be refused: what waits has names of its own. */
const FILES = {
  key: 'key.pem',
  certificate: 'certificate.pem',
  chain: 'chain.pem',
  waitingKey: 'waiting.key.pem',
  waitingRequest: 'waiting.csr',
} as const;

/** `csr` is DER and holds the challenge. */
export type WaitingRequest = { key: SoftwareKey; csr: Uint8Array };

export type CertificateFolder = {
  /** What an earlier run asked for and got no answer to. */
  waiting(): WaitingRequest | undefined;
  /** On disk before it is sent: a lost reply can then be fetched with the same command. */
  wait(request: WaitingRequest): void;
  /** The request was answered with no. */
  giveUp(): void;
  /** Puts the certificate, the CAs above it and the key in their places, and returns the paths. */
  keep(certificate: Uint8Array, chain: readonly Uint8Array[], key: SoftwareKey): string[];
  hasCertificate(): boolean;
  /** A key that somebody put there. */
  ownKey(): SoftwareKey | undefined;
  /** Certificate and key, to sign a renewal. Throws ConfigError when they are not there. */
  signer(): ClientSigner;
};

export function certificateFolder(dir: string): CertificateFolder {
  const path = (file: keyof typeof FILES): string => join(dir, FILES[file]);
  const has = (file: keyof typeof FILES): boolean => existsSync(path(file));
  const key = (file: 'key' | 'waitingKey'): SoftwareKey =>
    keyFromPem(readPrivateFile(path(file), 'the key of the certificate').toString(), path(file));
  const giveUp = (): void => {
    // The request first: a key without request is a run that was cut off, and is made anew.
    for (const file of ['waitingRequest', 'waitingKey'] as const) rmSync(path(file), { force: true });
  };
  return {
    waiting: () =>
      has('waitingRequest') && has('waitingKey')
        ? { key: key('waitingKey'), csr: readPrivateFile(path('waitingRequest'), 'the request that waits') }
        : undefined,
    wait(request) {
      writePrivateFile(path('waitingKey'), privateKeyPem(request.key.privateKey));
      writePrivateFile(path('waitingRequest'), request.csr);
    },
    giveUp,
    keep(certificate, chain, issuedKey) {
      writePrivateFile(path('key'), privateKeyPem(issuedKey.privateKey));
      writePublicFile(path('certificate'), certificatePem(certificate));
      writePublicFile(path('chain'), certificatePem(...chain));
      giveUp();
      return (['key', 'certificate', 'chain'] as const).map(path);
    },
    hasCertificate: () => has('certificate'),
    ownKey: () => (has('key') ? key('key') : undefined),
    signer: () => ({ certificate: certificateIn(path('certificate')), key: key('key') }),
  };
}

const certificateIn = (path: string): Uint8Array =>
  certificatesFrom(readFile(path, 'the certificate of the earlier enrolment'), path)[0]!;

/** Throws ConfigError when a request that waits in `dir` asks for something else: it would be answered instead. */
export function assertSameRequest(
  { csr }: WaitingRequest,
  wanted: { subject: Uint8Array; extensions: readonly Extension[] },
  dir: string,
): void {
  if (namesOf(readCertificationRequest(csr)) !== namesOf(wanted))
    throw new ConfigError(
      `a request for another certificate waits in ${dir}`,
      `Run the same command as before, take another folder, or delete ${join(dir, FILES.waitingRequest)} to give it up.`,
    );
}

const namesOf = ({ subject, extensions }: { subject: Uint8Array; extensions: readonly Extension[] }): string =>
  [subject, ...extensions.map(writeExtension)].map((der) => Buffer.from(der).toString('hex')).join();
