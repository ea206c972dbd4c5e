/** The automatic RA: made, reused, renewed and kept, in a folder of its own. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { automaticRa, automaticRaFiles, existingAutomaticRa } from '../../src/app/ra.ts';
import { fixedRa, withKem } from '../../src/app/ra-keeper.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { OID } from '../../src/pkix/oids.ts';
import { caCertificates } from '../../src/scep/ca-certificates.ts';
import type { KeyedCertificate } from '../../src/scep/registration-authority.ts';
import * as second from '../kit/pkijs.ts';
import { after, authority, DAY, opens, thumbprints, YEAR } from './ra-under-test.ts';

/** The KeyUsage extension, hexadecimal. */
const usages = ({ certificate }: KeyedCertificate): string => {
  const found = certificateExtensions(readCertificate(certificate)).find(({ oid }) => oid === OID.keyUsage);
  return Buffer.from(found!.value).toString('hex');
};

const DIGITAL_SIGNATURE = '03020780';
const KEY_ENCIPHERMENT = '03020520';
const BOTH = '030205a0';

test('made when it is missing: two files, the key for its owner alone', async (t) => {
  const { folder, ca, log, files } = await authority(t);
  const issuing = await ca();
  const ra = await automaticRa('auto', issuing, log.emit, after(0));
  assert.deepEqual(files(), ['ra.key.pem', 'ra.pem']);
  assert.equal(statSync(join(folder, 'ra.key.pem')).mode & 0o777, 0o600);
  const certificate = new X509Certificate(ra.certificate);
  assert.ok(certificate.verify(new X509Certificate(issuing.certificate).publicKey));
  assert.match(certificate.subject, /CN=Example CA RA/);
  assert.equal(usages(ra), BOTH);
  assert.deepEqual([ra.retired, ra.signer], [[], undefined]);
  assert.match(log.lines.join(''), /made an RA certificate/);
  assert.ok(await opens(ra, ra));
});

test('reused while it is good, and written no more', async (t) => {
  const { ca, log, files } = await authority(t);
  const issuing = await ca();
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  const again = await automaticRa('auto', issuing, log.emit, after(2 * YEAR - 31 * DAY));
  assert.deepEqual(Buffer.from(again.certificate), Buffer.from(first.certificate));
  assert.deepEqual(files(), ['ra.key.pem', 'ra.pem']);
  assert.equal(log.lines.length, 1);
});

test('A08 renewed 30 days before its end, twice; messages to every earlier one are still opened', async (t) => {
  const { ca, log, files } = await authority(t);
  const issuing = await ca();
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  const second = await automaticRa('auto', issuing, log.emit, after(2 * YEAR - 29 * DAY));
  const third = await automaticRa('auto', issuing, log.emit, after(4 * YEAR - 59 * DAY));
  const all = [first, second, third];
  assert.equal(new Set(thumbprints(all)).size, 3);
  assert.deepEqual(thumbprints(third.retired), thumbprints([first, second]));
  assert.equal(files().length, 6);
  for (const to of all) assert.ok(await opens(third, to));
  assert.equal(await opens(first, third), false);
});

test('two that renew it at the same time get the same RA, which is made once', async (t) => {
  const { ca, log, files } = await authority(t);
  const issuing = await ca();
  await automaticRa('auto', issuing, log.emit, after(0));
  const renewed = () => automaticRa('auto', issuing, log.emit, after(2 * YEAR - 29 * DAY));
  const [one, other] = await Promise.all([renewed(), renewed()]);
  assert.deepEqual(Buffer.from(one.certificate), Buffer.from(other.certificate));
  assert.deepEqual(thumbprints(one.retired), thumbprints(other.retired));
  assert.equal(files().length, 4);
  assert.equal(log.lines.length, 2);
  assert.ok(await opens(other, one));
});

test('not renewed for the sake of days when it ends with its CA', async (t) => {
  const { ca, log } = await authority(t);
  const issuing = await ca(YEAR);
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  const last = await automaticRa('auto', issuing, log.emit, after(YEAR - DAY));
  assert.deepEqual(thumbprints([last]), thumbprints([first]));
});

test('made anew when the CA has a new key, also under the same name; the old one still opens', async (t) => {
  const { ca, log } = await authority(t);
  const first = await automaticRa('auto', await ca(), log.emit, after(0));
  const changed = await ca();
  const now = await automaticRa('auto', changed, log.emit, after(DAY));
  assert.ok(new X509Certificate(now.certificate).verify(new X509Certificate(changed.certificate).publicKey));
  assert.deepEqual(thumbprints(now.retired), thumbprints([first]));
  assert.ok(await opens(now, first));
});

test('A04 split: one certificate signs and another opens, in this order in GetCACert', async (t) => {
  const { ca, log, files } = await authority(t);
  const issuing = await ca();
  const ra = await automaticRa('split', issuing, log.emit, after(0));
  assert.deepEqual(files(), ['ra-enc.key.pem', 'ra-enc.pem', 'ra-sign.key.pem', 'ra-sign.pem']);
  assert.equal(usages(ra.signer!), DIGITAL_SIGNATURE);
  assert.equal(usages(ra), KEY_ENCIPHERMENT);
  assert.deepEqual(ra.retired, []);
  const { body } = caCertificates([ra.signer!.certificate, ra.certificate], [issuing.certificate]);
  assert.deepEqual(
    second.certificatesOf(second.readSigned(body)),
    [ra.signer!.certificate, ra.certificate, issuing.certificate].map((der) => Buffer.from(der)),
  );
  assert.ok(await opens(ra, ra));
  assert.equal(await opens(ra, ra.signer!), false);
  const again = await automaticRa('split', issuing, log.emit, after(DAY));
  assert.deepEqual(thumbprints([again, again.signer!]), thumbprints([ra, ra.signer!]));
});

test('A08 a split RA is renewed as a pair; of the old one the opening half is kept', async (t) => {
  const { ca, log } = await authority(t);
  const issuing = await ca();
  const first = await automaticRa('split', issuing, log.emit, after(0));
  const next = await automaticRa('split', issuing, log.emit, after(2 * YEAR));
  assert.equal(new Set(thumbprints([first, first.signer!, next, next.signer!])).size, 4);
  assert.deepEqual(thumbprints(next.retired), thumbprints([first]));
  assert.ok(await opens(next, first));
});

test('A08 an RA that is split later, or made one again, goes on opening what clients encrypt to the other form', async (t) => {
  const { ca, log } = await authority(t);
  const issuing = await ca();
  const one = await automaticRa('auto', issuing, log.emit, after(0));
  const split = await automaticRa('split', issuing, log.emit, after(0));
  const back = await automaticRa('auto', issuing, log.emit, after(0));
  assert.ok(await opens(split, one));
  assert.ok(await opens(back, split));
  assert.deepEqual(thumbprints([back]), thumbprints([one]));
});

test('A08 an RA from the future, made while the clock was wrong, is made anew and still opens messages', async (t) => {
  const { ca, log } = await authority(t);
  const issuing = await ca();
  const wrong = await automaticRa('auto', issuing, log.emit, after(400 * DAY));
  const right = await automaticRa('auto', issuing, log.emit, after(0));
  assert.notDeepEqual(thumbprints([right]), thumbprints([wrong]));
  assert.deepEqual(thumbprints(right.retired), thumbprints([wrong]));
  assert.ok(new X509Certificate(right.certificate).validFromDate <= after(0)());
  assert.ok(await opens(right, wrong));
  assert.deepEqual(thumbprints([await automaticRa('auto', issuing, log.emit, after(0))]), thumbprints([right]));
});

test('an RA that ends with its chain is not made again and again', async (t) => {
  const { ca, log } = await authority(t);
  const issuing = { ...(await ca()), chainEnd: after(20 * DAY)() };
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  assert.equal(new X509Certificate(first.certificate).validToDate.getTime(), after(20 * DAY)().getTime());
  const again = await automaticRa('auto', issuing, log.emit, after(DAY));
  assert.deepEqual(thumbprints([again]), thumbprints([first]));
});

test('a renewal that died between its files is begun again, and nothing is lost', async (t) => {
  const { folder, ca, log, files } = await authority(t);
  const issuing = await ca();
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  await automaticRa('auto', issuing, log.emit, after(2 * YEAR));
  // As it was when the old certificate had its new name and the next key was written, but not its certificate.
  rmSync(join(folder, 'ra.pem'));
  const now = await automaticRa('auto', issuing, log.emit, after(2 * YEAR));
  assert.ok(await opens(now, now));
  assert.ok(await opens(now, first));
  assert.equal(files().length, 4);
});

for (const file of ['ra.key.pem', 'ra-enc.key.pem', 'ra-sign.key.pem'])
  test(`a key that others may read is refused: ${file}`, { skip: process.platform === 'win32' }, async (t) => {
    const { folder, ca, log } = await authority(t);
    const issuing = await ca();
    const form = file === 'ra.key.pem' ? 'auto' : 'split';
    await automaticRa(form, issuing, log.emit, after(0));
    chmodSync(join(folder, file), 0o644);
    await assert.rejects(automaticRa(form, issuing, log.emit, after(0)), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /others may read this private key/);
      // Root's own files may stay readable by the group that root chose.
      const mode = process.geteuid?.() === 0 ? '640' : '600';
      return error.remedy === `Run: chmod ${mode} ${join(folder, file)}`;
    });
  });

test('a retired key that others may read is refused as well', { skip: process.platform === 'win32' }, async (t) => {
  const { folder, ca, log, files } = await authority(t);
  const issuing = await ca();
  await automaticRa('auto', issuing, log.emit, after(0));
  await automaticRa('auto', issuing, log.emit, after(2 * YEAR));
  const old = files().find((file) => /^ra-[0-9a-f]{16}\.key\.pem$/.test(file))!;
  chmodSync(join(folder, old), 0o644);
  await assert.rejects(automaticRa('auto', issuing, log.emit, after(2 * YEAR)), /others may read this private key/);
});

test('a certificate without its key is an error that names the file, and nothing is written over', async (t) => {
  const { folder, ca, log } = await authority(t);
  const issuing = await ca();
  await automaticRa('auto', issuing, log.emit, after(0));
  const before = readFileSync(join(folder, 'ra.pem'), 'utf8');
  renameSync(join(folder, 'ra.key.pem'), join(folder, 'elsewhere'));
  await assert.rejects(automaticRa('auto', issuing, log.emit, after(0)), (error) => {
    return error instanceof ConfigError && error.message.includes('ra.key.pem: there is no such file');
  });
  assert.equal(readFileSync(join(folder, 'ra.pem'), 'utf8'), before);
});

test('the passphrase of the CA key protects the RA key too', async (t) => {
  const { folder, ca, log } = await authority(t, 'correct horse');
  const issuing = await ca();
  const first = await automaticRa('auto', issuing, log.emit, after(0));
  assert.match(readFileSync(join(folder, 'ra.key.pem'), 'utf8'), /ENCRYPTED/);
  assert.deepEqual(thumbprints([await automaticRa('auto', issuing, log.emit, after(0))]), thumbprints([first]));
  const { passphrase: _, ...without } = issuing;
  await assert.rejects(automaticRa('auto', without, log.emit, after(0)), ConfigError);
});

test('other files in the folder are left alone', async (t) => {
  const { folder, ca, log } = await authority(t);
  for (const file of ['ra-mine.pem', 'ra-0123.pem', 'tra.pem']) writeFileSync(join(folder, file), 'mine');
  const ra = await automaticRa('auto', await ca(), log.emit, after(0));
  assert.deepEqual(ra.retired, []);
});

test('kem: an ML-KEM key beside the RA, renewed like it; each form keeps its own retired keys', async (t) => {
  const { folder, ca, log, files } = await authority(t);
  const issuing = await ca();
  const ra = await automaticRa('auto', issuing, log.emit, after(0));
  const first = await automaticRa('kem', issuing, log.emit, after(0));
  assert.deepEqual(first.key.kind, { type: 'ml-kem-768', bits: 9472 });
  assert.equal(usages(first), KEY_ENCIPHERMENT);
  assert.deepEqual(files(), ['ra-kem.key.pem', 'ra-kem.pem', 'ra.key.pem', 'ra.pem']);
  const next = await automaticRa('kem', issuing, log.emit, after(2 * YEAR - 29 * DAY));
  assert.deepEqual(thumbprints(next.retired), thumbprints([first]));
  assert.equal(automaticRaFiles(folder).length, 6);
  assert.deepEqual((await automaticRa('auto', issuing, log.emit, after(DAY))).retired, []);
  const existing = await existingAutomaticRa('kem', issuing);
  assert.deepEqual(thumbprints([existing!, ...existing!.retired]), thumbprints([next, first]));

  const both = withKem(fixedRa(ra), fixedRa(next));
  assert.deepEqual(thumbprints(both.current().kem!), thumbprints([next, first]));
  assert.equal(both.current(), both.current());
  assert.deepEqual(Buffer.from(both.current().certificate), Buffer.from(ra.certificate));
});
