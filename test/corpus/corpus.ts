/**
 * `npm run corpus`: certificates, lists and OCSP responses of every shape, judged by programs of others. Needs openssl, certtool
 * (GnuTLS), vfychain (NSS), go, java, zlint, and pkilint in test/corpus/readers/python/target; .ci/run installs them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeCorpus, type Written } from './written.ts';

const here = import.meta.dirname;
const LEAST = 500;

let folder: string;
let corpus: Written[];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openndes-corpus-'));
  corpus = await writeCorpus(folder);
});
after(() => rmSync(folder, { recursive: true }));

type Output = { status: number | null; text: string };

/** Both outputs of a program. Throws when it is not installed. */
function run(command: string, args: readonly string[], cwd = folder): Output {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error) throw error;
  return { status, text: stdout + stderr };
}

/** What is left of the output of a reader that says `read N` at the end, without the folder. */
function complaints({ text }: Output, expected: number): string[] {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(`${folder}/`, ''));
  return lines.at(-1) === `read ${expected}` ? lines.slice(0, -1) : lines;
}

const count = (kind: 'leaves' | 'cas' | 'lists' | 'responses'): number =>
  corpus.reduce((sum, each) => sum + each[kind].length, 0);

test('the corpus has more than 500 certificates, 55 lists and 140 responses', () => {
  assert.ok(count('leaves') >= LEAST, String(count('leaves')));
  assert.ok(count('lists') >= 55, String(count('lists')));
  assert.ok(count('responses') >= 140, String(count('responses')));
});

test('OpenSSL verifies every chain', () => {
  for (const { folder: ca, leaves } of corpus) {
    const files = leaves.map((name) => `${name}.pem`);
    const { status, text } = run(
      'openssl',
      ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', ...files],
      ca,
    );
    assert.deepEqual(
      text.split('\n').filter((line) => line !== '' && !line.endsWith(': OK')),
      [],
    );
    assert.equal(status, 0);
  }
});

test('OpenSSL verifies every list', () => {
  for (const { folder: ca, lists } of corpus) {
    writeFileSync(
      join(ca, 'all.pem'),
      readFileSync(join(ca, 'root.pem'), 'utf8') + readFileSync(join(ca, 'issuing.pem'), 'utf8'),
    );
    for (const list of lists)
      assert.match(
        run('openssl', ['crl', '-inform', 'DER', '-in', `${list}.der`, '-CAfile', 'all.pem', '-noout'], ca).text,
        /^verify OK/,
        list,
      );
  }
});

test('OpenSSL verifies every response', () => {
  for (const { folder: ca, responses } of corpus)
    for (const response of responses) {
      const args = [
        'ocsp',
        '-respin',
        `${response}.der`,
        '-issuer',
        'issuing.pem',
        '-no_nonce',
        '-serial',
        '0x100001',
        '-CAfile',
        'root.pem',
      ];
      assert.match(run('openssl', args, ca).text, /Response verify OK/, response);
    }
});

test('GnuTLS verifies every chain', () => {
  for (const { folder: ca, leaves } of corpus)
    for (const leaf of leaves) {
      const chain = join(ca, 'chain.pem');
      writeFileSync(chain, readFileSync(`${leaf}.pem`, 'utf8') + readFileSync(join(ca, 'issuing.pem'), 'utf8'));
      const { text } = run('certtool', ['--verify', '--load-ca-certificate', 'root.pem', '--infile', chain], ca);
      assert.match(text, /Chain verification output: Verified\. The certificate is trusted\./, leaf);
    }
});

/** It has no use for certificates of other purposes. */
const NSS_KNOWS = (leaf: string): boolean => !/\/(?:email|a fixed)/.test(leaf);

test('NSS verifies every chain of a TLS client', () => {
  for (const { folder: ca, leaves } of corpus)
    for (const leaf of leaves.filter(NSS_KNOWS)) {
      const { text } = run(
        'vfychain',
        ['-pp', '-u', '0', '-a', `${leaf}.pem`, '-a', 'issuing.pem', '-a', '-t', 'root.pem'],
        ca,
      );
      assert.match(text, /Chain is good!/, leaf);
    }
});

test('Go verifies every chain, list and response', () => {
  const output = run('go', ['run', '.', folder], join(here, 'readers/go'));
  assert.deepEqual(complaints(output, count('leaves') + count('lists') + count('responses')), []);
});

test('Java verifies every chain and list', () => {
  const output = run('java', [join(here, 'readers/java/Corpus.java'), folder]);
  assert.deepEqual(complaints(output, count('leaves') + count('lists')), []);
});

test('Java takes the list of the shard that a certificate names, and no other shard in its place', () => {
  const [{ folder: ca } = { folder }] = corpus;
  const judged = (list: string): string =>
    run(
      'java',
      [join(here, 'readers/java/Shards.java'), 'root.der', 'issuing.der', 'leaf/in a shard, p256.der', list],
      ca,
    ).text;
  assert.equal(judged('crl/shard 1.der'), 'valid\n');
  assert.equal(judged('crl/shard 1 with two URLs.der'), 'valid\n');
  assert.equal(judged('crl/shard 2.der'), 'UNDETERMINED_REVOCATION_STATUS\n');
});

/** Findings that are meant, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'pkix.invalid_uri_syntax':
    'The URI of a SID, as Microsoft documents it: pkilint takes a URI of the scheme `tag` (RFC 4151) for none.',
  e_key_usage_and_extended_key_usage_inconsistent:
    'Devices need keyEncipherment to read the reply to a renewal, beside clientAuth; RFC 5280 4.2.1.12 permits both.',
};
const isMeant = (line: string): boolean => Object.keys(EXCEPTIONS).some((code) => line.includes(code));

test('pkilint finds nothing that is not meant in any file', () => {
  const python = join(here, 'readers/python/target/bin/python');
  const output = run(python, [join(here, 'readers/python/lint.py'), folder]);
  const found = complaints(output, count('leaves') + count('cas') + count('lists') + count('responses'));
  assert.deepEqual(
    found.filter((line) => !isMeant(line)),
    [],
  );
});

type Lints = Readonly<Record<string, { result: string }>>;

test('zlint finds nothing that is not meant in any certificate', () => {
  const files = corpus.flatMap(({ leaves, cas }) => [...leaves, ...cas]).map((each) => `${each}.der`);
  const { text } = run('zlint', ['-format', 'der', '-includeSources', 'RFC5280,RFC8813', ...files]);
  const found = text
    .trim()
    .split('\n')
    .flatMap((line, n) =>
      Object.entries(JSON.parse(line) as Lints)
        .filter(([, { result }]) => result === 'error' || result === 'fatal' || result === 'warn')
        .map(([lint]) => `${files[n]}: ${lint}`),
    );
  assert.deepEqual(
    found.filter((line) => !isMeant(line)),
    [],
  );
});
