/**
 * `npm run judge -- FOLDER`: has OpenSSL, Go, Java and zlint read every certificate that tests kept in the folder (`*.der`,
 * see kit/kept-certificates.ts). Exits 1 when there are fewer than 500, when one of the four cannot read one, and for a
 * lint of RFC 5280 at level error that is not in EXCEPTIONS. Needs go, java, openssl and zlint in PATH.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const LEAST = 500;
const here = import.meta.dirname;

/** Lints that our certificates break on purpose, and the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  e_key_usage_and_extended_key_usage_inconsistent:
    'Devices need keyEncipherment to read the reply to a renewal, beside clientAuth; RFC 5280 4.2.1.12 permits both.',
  e_ext_san_uri_host_not_fqdn_or_ip: 'Intune writes device ids as IntuneDeviceId://ID, as Microsoft documents.',
  e_subject_common_name_max_length: 'Intune documents common names beyond 64 characters; every reader takes them.',
  e_subject_dn_not_printable_characters: 'zlint reads T61String as UTF-8; clients write Latin-1 into it.',
};

const folder = resolve(process.argv[2] ?? '.');
const files = readdirSync(folder).filter((name) => name.endsWith('.der'));

/** The standard output, with the standard error behind it when the command fails: that is a complaint too. */
function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  return status === 0 ? stdout : stdout + stderr;
}

/** What a reader says of those that it cannot read; its last line counts the others. */
function unread(reader: string, output: string): string[] {
  const lines = output.trim().split('\n');
  const last = lines.pop();
  const complaints = lines.map((line) => `${reader}: ${line}`);
  return last === `read ${files.length}` ? complaints : [...complaints, `${reader}: ${last} of ${files.length}`];
}

const openssl = (): string[] =>
  files.flatMap((name) => {
    const output = run('openssl', [
      'x509',
      '-inform',
      'DER',
      '-in',
      name,
      '-noout',
      '-subject',
      '-ext',
      'subjectAltName',
    ]);
    return output.startsWith('subject=') ? [] : [`OpenSSL: ${name}: ${output}`];
  });

type Lints = Readonly<Record<string, { result: string }>>;

/** zlint answers with one line of JSON for each certificate, in the order of the arguments. */
function zlint(): string[] {
  const lines = run('zlint', ['-format', 'der', '-includeSources', 'RFC5280', ...files])
    .trim()
    .split('\n');
  const stopped = lines.find((line) => !line.startsWith('{'));
  if (stopped !== undefined) return [`zlint: ${stopped}`];
  const errors = lines.flatMap((line, i) =>
    Object.entries(JSON.parse(line) as Lints)
      .filter(([name, { result }]) => (result === 'error' || result === 'fatal') && !Object.hasOwn(EXCEPTIONS, name))
      .map(([name]) => `zlint: ${files[i]}: ${name}`),
  );
  return lines.length === files.length ? errors : [...errors, `zlint: read ${lines.length} of ${files.length}`];
}

const READERS: Readonly<Record<string, () => string[]>> = {
  OpenSSL: openssl,
  Go: () => unread('Go', run('go', ['run', join(here, 'judge.go'), folder])),
  Java: () => unread('Java', run('java', [join(here, 'Judge.java'), folder])),
  zlint,
};

const complaints = [
  ...(files.length < LEAST ? [`${files.length} certificates; at least ${LEAST} must be judged`] : []),
  ...Object.values(READERS).flatMap((read) => read()),
];
for (const complaint of complaints) console.error(complaint);
console.log(`${files.length} certificates, ${Object.keys(READERS).join(', ')}: ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
