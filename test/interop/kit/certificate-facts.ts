/** What OpenSSL and pyca/cryptography find in a certificate, and the octets of its parts as asn1crypto cuts them out. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './children.ts';
import { missing } from './client.ts';

const PYTHON = join(import.meta.dirname, '../readers/python');

/** As `openssl x509` prints them, with `critical` before the value of an extension that is. Absent extensions are ''. */
export type OpensslFacts = {
  /** RFC 2253. */
  subject: string;
  names: string;
  keyUsage: string;
  purposes: string;
  bits: number;
  signature: string;
};

/** As facts.py prints them. */
export type PycaFacts = {
  /** Type and value of each RDN, in encoded order. */
  subject: string[];
  names: string[];
  keyUsage: string[];
  purposes: string[];
  bits: number;
  hash: string;
  /** From the beginning to the end. */
  hours: number;
  octets: {
    /** Hexadecimal. */
    subject: string;
    /** Values by OID, hexadecimal, with `critical ` before those that are. */
    extensions: Readonly<Record<string, string>>;
  };
};

/** `file` is a certificate, DER. */
export async function opensslFacts(file: string): Promise<OpensslFacts> {
  const shown = '-noout -subject -nameopt RFC2253 -text -certopt no_issuer,no_validity'.split(' ');
  const text = await output('openssl', ['x509', '-inform', 'DER', '-in', file, ...shown]);
  const extension = (name: string): string => {
    const [, critical = '', value = ''] = new RegExp(`X509v3 ${name}:( critical)?\\s*\\n\\s+(.*)\\n`).exec(text) ?? [];
    return `${critical.trimStart()}${critical && ' '}${value}`.trim();
  };
  return {
    subject: /^subject=(.*)$/m.exec(text)?.[1] ?? '',
    names: extension('Subject Alternative Name'),
    keyUsage: extension('Key Usage'),
    purposes: extension('Extended Key Usage'),
    bits: Number(/Public-Key: \((\d+) bit\)/.exec(text)?.[1]),
    signature: /Signature Algorithm: (\S+)/.exec(text)?.[1] ?? '',
  };
}

/** `file` is a certificate, DER. Throws when the reader is not installed. */
export async function pycaFacts(file: string): Promise<PycaFacts> {
  const python = join(PYTHON, 'target/bin/python');
  if (!existsSync(python)) throw missing('pyca/cryptography', '.ci/run installs it');
  return JSON.parse(await output(python, [join(PYTHON, 'facts.py'), file])) as PycaFacts;
}
