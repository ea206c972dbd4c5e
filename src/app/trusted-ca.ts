/** A CA of one's own for the TLS connections of a command. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { certificatePem } from '../pkix/pem.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readFile } from './files.ts';

/** Trusts the certificates of a file, PEM or DER, beside the public CAs, for the rest of this process. Throws ConfigError. */
export function trustCa(file: string): void {
  const own = certificatesFrom(readFile(file, 'the CA to trust for TLS'), file).map((der) => certificatePem(der));
  setDefaultCACertificates([...getCACertificates('default'), ...own]);
}
