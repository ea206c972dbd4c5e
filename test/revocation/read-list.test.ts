/** Reads lists of CAs that are not ours; a list that is not certainly the full and signed one of that CA is no list. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, sequence, smallInteger, time, unsignedInteger } from '../../src/asn1/writer.ts';
import { readCaCertificate } from '../../src/ca/ca-certificate.ts';
import type { Digest } from '../../src/core/keys.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { writeExtension } from '../../src/pkix/extensions.ts';
import { signatureIdentifier, signStructure } from '../../src/pkix/signature.ts';
import { readList } from '../../src/revocation/read-list.ts';
import { pem, withoutOpenssl } from '../kit/openssl.ts';
import { DAY, issuing, NOW, root, wanted, YEAR } from '../kit/pki.ts';
import { rsaKey } from '../kit/keys.ts';
import { createRoot } from '../../src/ca/create.ts';

const CA = readCaCertificate(issuing.certificate, NOW);
const entry = (serial: string) => sequence(unsignedInteger(Buffer.from(serial, 'hex')), time(NOW));

type Parts = {
  serials?: readonly string[];
  next?: Uint8Array[];
  extensions?: Uint8Array[];
  by?: typeof issuing;
  issuer?: Uint8Array;
  digest?: Digest;
};
/** A list as another product writes it. */
function list({
  serials = ['5f01', '00aa'],
  next = [time(new Date(NOW.getTime() + 7 * DAY))],
  extensions = [],
  by = issuing,
  issuer = CA.subject,
  digest = 'sha256',
}: Parts = {}): Promise<Uint8Array> {
  const tbs = sequence(
    smallInteger(1),
    signatureIdentifier(by.key.kind, digest),
    issuer,
    time(NOW),
    ...next,
    ...(serials.length > 0 ? [sequence(Buffer.concat(serials.map(entry)))] : []),
    ...(extensions.length > 0 ? [encode(explicit(0), sequence(...extensions))] : []),
  );
  return signStructure(tbs, by.key, digest);
}

test('a list: its times, and serial numbers as the store writes them', async () => {
  const { revoked, ...times } = await readList(await list(), CA);
  assert.deepEqual([...revoked], ['5f01', 'aa']);
  assert.deepEqual(times, { thisUpdate: NOW, nextUpdate: new Date(NOW.getTime() + 7 * DAY) });
  assert.equal((await readList(await list({ serials: [] }), CA)).revoked.size, 0);
});

test('a list of OpenSSL, in PEM and DER', { skip: withoutOpenssl }, async () => {
  const key = rsaKey('ndes ca');
  const ca = await createRoot({ ...wanted('CN=NDES CA', key, 20 * YEAR) });
  const cwd = mkdtempSync(join(tmpdir(), 'openndes-list-'));
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd, stdio: 'pipe' });
  try {
    const config =
      '[ca]\ndefault_ca=x\n[x]\ndatabase=db\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n';
    const revoked = 'R\t300101000000Z\t260101000000Z,keyCompromise\t5F0A\tunknown\t/CN=x\n';
    for (const [name, content] of Object.entries({
      cnf: config,
      db: revoked,
      number: '01\n',
      'ca.pem': pem(ca),
      'ca.key': privateKeyPem(key.privateKey),
    }))
      writeFileSync(join(cwd, name), content);
    run('ca', '-gencrl', '-config', 'cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-out', 'crl.pem');
    run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
    for (const name of ['crl.pem', 'crl.der']) {
      const read = await readList(readFileSync(join(cwd, name)), readCaCertificate(ca, NOW));
      assert.deepEqual([...read.revoked], ['5f0a']);
    }
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

const critical = (oid: string) => writeExtension({ oid, critical: true, value: smallInteger(1) });
const rsa = { key: rsaKey('ndes ca'), certificate: root.certificate };
const REFUSED: readonly [string, Promise<Uint8Array>, RegExp][] = [
  ['signed by another CA in its name', list({ by: root }), /not signed with the key of CN=Test Issuing/],
  ['signed by a key of another type', list({ by: rsa }), /not signed with the key/],
  [
    'of another name with the same key',
    list({ issuer: readCaCertificate(root.certificate, NOW).subject }),
    /a list of CN=Test Root, not of CN=Test Issuing/,
  ],
  ['signed with SHA-1', list({ digest: 'sha1' }), /SHA-1/],
  ['without nextUpdate', list({ next: [] }), /no nextUpdate/],
  ['that is a delta', list({ extensions: [critical('2.5.29.27')] }), /critical extension 2\.5\.29\.27/],
  ['that is a part', list({ extensions: [critical('2.5.29.28')] }), /critical extension 2\.5\.29\.28/],
  ['that is none', Promise.resolve(Buffer.from('<html>')), /not a revocation list/],
  ['that is cut off', list().then((whole) => whole.subarray(0, -3)), /exceeds the input/],
];
for (const [what, octets, why] of REFUSED)
  test(`a list ${what} is refused`, async () => {
    await assert.rejects(readList(await octets, CA), why);
  });

test('a list of 100,000 entries is read, and other work runs meanwhile', async () => {
  const serials = Array.from({ length: 100_000 }, (_, n) => (0x10000000 + n).toString(16));
  const long = await list({ serials });
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  const { revoked } = await readList(long, CA);
  clearImmediate(timer);
  assert.equal(revoked.size, 100_000);
  assert.ok(turns >= 150, `${turns} turns`);
});

test('the list of another CA has at most 16 MB', async () => {
  await assert.rejects(readList(Buffer.alloc(16 * 1024 * 1024 + 1, 0x30), CA), /exceed the limit of 16777216/);
});
