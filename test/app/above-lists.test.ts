/** Lists of the CAs above an authority: read from files, served, and watched. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadAboveList } from '../../src/app/above-lists.ts';
import { standingOf } from '../../src/core/watched.ts';
import { crlPem } from '../../src/pkix/pem.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { issuing, NOW, root } from '../ca/authority-under-test.ts';

const DAY = 86_400_000;
const signed = (day: number, issuer = root) =>
  writeCrl({
    issuer,
    revoked: [],
    thisUpdate: new Date(NOW.getTime() + day * DAY),
    validity: 100 * DAY,
    number: 1 + day,
  });

function fileWith(t: TestContext, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-above-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'root.crl'), content);
  return join(folder, 'root.crl');
}

test('a new list in the file is served within a minute; a damaged or an older one is not, and the failure is named', async (t) => {
  let now = NOW;
  const later = (day: number): void => void (now = new Date(NOW.getTime() + day * DAY));
  const [first, second] = [await signed(0), await signed(10)];
  const file = fileWith(t, crlPem(first));
  const { crl, certificate } = await loadAboveList({ list: 'root', file }, [root.certificate], () => now);
  assert.deepEqual([await crl(), certificate], [Buffer.from(first), root.certificate]);
  writeFileSync(file, second);
  assert.deepEqual(await crl(), Buffer.from(first));
  later(11);
  assert.deepEqual(await crl(), second);
  writeFileSync(file, second.subarray(0, 50));
  later(12);
  assert.deepEqual(await crl(), second);
  assert.match(crl.failure?.()?.message ?? '', /root\.crl: .*a revocation list of a CA above/);
  writeFileSync(file, first);
  later(13);
  assert.deepEqual(await crl(), second);
  assert.equal(crl.failure?.(), undefined);
});

test('its end is worth a warning 30 days before, and it ends', async (t) => {
  const { ends } = await loadAboveList(
    { list: 'root', file: fileWith(t, await signed(0)) },
    [root.certificate],
    () => NOW,
  );
  const standing = (day: number) => standingOf(ends(), new Date(NOW.getTime() + day * DAY));
  assert.deepEqual([standing(1), standing(69), standing(71), standing(101)], ['valid', 'valid', 'ends', 'ended']);
  assert.equal(ends().what, 'list root');
});

test('a list that no CA above signed is refused, and so is one of a root that issues by itself', async (t) => {
  const file = fileWith(t, await signed(0, issuing));
  await assert.rejects(
    loadAboveList({ list: 'root', file }, [root.certificate], () => NOW),
    {
      name: 'ConfigError',
      message: /root\.crl: it is not signed with the key of CN=.* \(a revocation list of a CA above\)$/,
      remedy: 'Give the list that a CA of `chain` signed. For a root of openndes: openndes ca crl --root.',
    },
  );
  await assert.rejects(
    loadAboveList({ list: 'root', file }, [], () => NOW),
    {
      message: /there is no CA above this authority/,
    },
  );
});
