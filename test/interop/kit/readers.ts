/** Other programs that read answers: what each is called, and how it is installed. A missing one is a failure. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from './children.ts';
import { missing } from './client.ts';

/** The folder of the answers: `cacert`, `success`, `failure` and `pending`, DER, and what they are read with, PEM. */
export type Answers = { dir: string; chain: string };

/** `what`: the name of an answer. */
export type Reader = {
  /** How many certificates it finds in GetCACert. */
  certificates: (answers: Answers) => Promise<number>;
  /**
   * What it finds in a CertRep after it verified the signature: `content` and octets in hexadecimal, or `certificates` and
   * their number after it decrypted them; `read` where the program does not show it.
   */
  message: (answers: Answers, what: string) => Promise<string>;
};

const JSCEP = join(import.meta.dirname, '../jscep/target');
const PYTHON = join(import.meta.dirname, '../readers/python');
const BIN = join(import.meta.dirname, '../../../node_modules/.bin');

const PEMS = ['ra.pem', 'client.pem', 'client.key.pem'];
/** A program of `../readers` or `../jscep`. It prints `certificates N`, or `content HEX`. */
function program(command: string, args: readonly string[] = []): Reader {
  const read = async ({ dir }: Answers, ...more: readonly string[]): Promise<string> => {
    if (command.includes('/') && !existsSync(command)) throw missing(command, '.ci/run builds it');
    return (await output(command, [...args, ...more], { cwd: dir })).trim();
  };
  return {
    certificates: async (answers) =>
      Number((await read(answers, 'certificates', 'cacert')).replace('certificates ', '')),
    message: (answers, what) => read(answers, 'message', what, ...PEMS),
  };
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

const openssl: Reader = {
  certificates: async ({ dir }) =>
    count(
      await output('openssl', ['pkcs7', '-inform', 'DER', '-in', 'cacert', '-print_certs'], { cwd: dir }),
      /BEGIN/g,
    ),
  message: async ({ dir, chain }, what) => {
    const inside = join(dir, `${what}.content`);
    const verify = `cms -verify -binary -inform DER -in ${what} -purpose any -out`.split(' ');
    await output('openssl', [...verify, inside, '-CAfile', chain], { cwd: dir });
    if (what !== 'success') return `content ${readFileSync(inside).toString('hex')}`;
    const decrypt = 'cms -decrypt -inform DER -recip client.pem -inkey client.key.pem -out success.p7 -in'.split(' ');
    await output('openssl', [...decrypt, inside], { cwd: dir });
    const printed = await output('openssl', ['pkcs7', '-inform', 'DER', '-in', 'success.p7', '-print_certs'], {
      cwd: dir,
    });
    return `certificates ${count(printed, /BEGIN/g)}`;
  },
};

/** It verifies SignedData and has no EnvelopedData. */
const gnutls: Reader = {
  certificates: async ({ dir }) =>
    count(await output('certtool', ['--p7-info', '--inder', '--infile', 'cacert'], { cwd: dir }), /BEGIN CERTIFICATE/g),
  message: async ({ dir }, what) => {
    const args = ['--p7-verify', '--inder', '--infile', what, '--load-certificate', 'ra.pem'];
    const { code, stdout, stderr } = await run('certtool', args, { cwd: dir });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout + stderr, /Signature status: ok/);
    return 'read';
  },
};

/**
 * `cmsutil` decodes the message and computes its digest, and then judges the purpose of the signer's certificate before it
 * verifies the signature: it does not know the purpose of an RA. Content that it cannot read fails before that.
 */
const nss: Reader = {
  certificates: async ({ dir }) =>
    count(await output('nss-pp', ['-t', 'pkcs7', '-i', 'cacert'], { cwd: dir }), /Serial Number/g),
  message: async ({ dir }, what) => {
    const database = mkdtempSync(join(dir, 'nss-'));
    await output('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
    const { stdout, stderr } = await run('cmsutil', ['-D', '-d', `sql:${database}`, '-i', join(dir, what)]);
    assert.match(stdout + stderr, /signer 0 status = SigningCert(NotTrusted|NotFound)/);
    return 'read';
  },
};

/** By their names in docs/clients.md. */
export const READERS: Readonly<Record<string, Reader>> = {
  OpenSSL: openssl,
  GnuTLS: gnutls,
  NSS: nss,
  wolfSSL: program(join(BIN, 'read-wolfssl')),
  'BouncyCastle for Java': program('java', [
    '-XX:TieredStopAtLevel=1',
    '-cp',
    `${join(JSCEP, 'classes')}:${join(JSCEP, 'lib/*')}`,
    'Reader',
  ]),
  'smallstep/pkcs7 for Go': program(join(BIN, 'read-go')),
  'pyca/cryptography': program(join(PYTHON, 'target/bin/python'), [join(PYTHON, 'read.py')]),
};
