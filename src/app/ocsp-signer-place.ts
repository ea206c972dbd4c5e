/** Where the certificate that signs OCSP responses is kept with its key: in a file beside the CA, or in the store of replicas. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { SecretStore } from '../core/store.ts';
import { keyFromPem, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { certificatePem } from '../pkix/pem.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readPrivateFile, writePrivateFile } from './files.ts';

/** A certificate, DER, and its key. */
export type SignerPair = { certificate: Uint8Array; key: SoftwareKey };

/**
 * `read` returns undefined when there is none, or none that can be opened. `write` returns false when another server wrote
 * since this place was read; that one is to be used. Both reject when the place does not work.
 */
export type SignerPlace = {
  read: () => Promise<SignerPair | undefined>;
  write: (pair: SignerPair) => Promise<boolean>;
};

/** 64 bits of the identity of the CA: another CA has another signer. */
const idOf = (ca: Uint8Array): string => issuerIdentity(ca).issuerId.slice(0, 16);

/** `ocsp-ID.pem` in the folder of the certificate of the CA. The passphrase of the CA protects its key too. */
export function signerFile({
  path,
  ca,
  passphrase,
}: {
  path: string;
  ca: Uint8Array;
  passphrase?: string;
}): SignerPlace {
  const file = join(dirname(path), `ocsp-${idOf(ca)}.pem`);
  return {
    read: async () =>
      existsSync(file) ? pairIn(readPrivateFile(file, 'the OCSP signer of a CA'), file, passphrase) : undefined,
    async write(pair) {
      writePrivateFile(file, pemOf(pair, passphrase));
      return true;
    },
  };
}

/** The secret `ocsp/AUTHORITY/ID`, sealed as every secret is. */
export function signerSecret(authority: string, ca: Uint8Array, store: SecretStore): SignerPlace {
  const name = `ocsp/${authority}/${idOf(ca)}`;
  let version = 0;
  return {
    async read() {
      const secret = await store.readSecret(name);
      version = secret?.version ?? 0;
      return secret && pairIn(secret.value, `the secret ${name}`);
    },
    write: (pair) => store.writeSecret({ name, version: version + 1, value: Buffer.from(pemOf(pair)) }),
  };
}

const pemOf = ({ certificate, key }: SignerPair, passphrase?: string): string =>
  privateKeyPem(key.privateKey, passphrase) + certificatePem(certificate);

/** Undefined for what cannot be opened, as after a change of the passphrase: then another one is made. */
function pairIn(octets: Uint8Array, where: string, passphrase?: string): SignerPair | undefined {
  try {
    const [certificate] = certificatesFrom(octets, where);
    return { certificate, key: keyFromPem(Buffer.from(octets).toString('latin1'), where, passphrase) };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** The place of the signer of a CA. `store` where replicas share one. */
export const signerPlace = (
  { path, ca, passphrase }: { path: string; ca: Uint8Array; passphrase?: string | undefined },
  shared: { authority: string; store: SecretStore } | undefined,
): SignerPlace =>
  shared ? signerSecret(shared.authority, ca, shared.store) : signerFile({ path, ca, ...defined({ passphrase }) });
