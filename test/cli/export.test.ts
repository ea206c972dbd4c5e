/** `openndes export`: every certificate, in each form, over several pages. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { certificateId, issuanceFor, ISSUER_ID, later } from '../../src/testing/store-samples.ts';
import { installed } from '../app/installation.ts';

const MANY = 501;

/** So many certificates; the octets of the first one were removed. */
async function filled(t: TestContext) {
  const place = await installed(t);
  const store = await openConfiguredStore(place.config);
  const { certificate, ...first } = issuanceFor(1);
  await recorded(store, { ...first, certificate: { ...certificate, notAfter: later(60) } });
  await store.removeOld({ kind: 'transactions', before: later(120), limit: 10 });
  assert.equal((await store.removeOld({ kind: 'der', before: later(120), limit: 10 })).removed, 1);
  await Promise.all(Array.from({ length: MANY - 1 }, (_, n) => recorded(store, issuanceFor(n + 2))));
  await store.close();
  return place;
}

const NOTE = 'note: of 1 the store has removed the octets after their time, as `keep.der` says.';
const base64 = (n: number): string => Buffer.from(issuanceFor(n).certificate.der).toString('base64');

test('all certificates as PEM, as DER in a tar file, as CSV and as JSON lines', async (t) => {
  const { cli, folder } = await filled(t);
  const file = (name: string): string => join(folder, name);
  const exported = async (format: string, written: number): Promise<string> => {
    const path = file(`all.${format}`);
    const said = await cli('export', '--format', format, path);
    assert.deepEqual(said, { code: 0, out: `wrote ${path}: ${written} certificates`, err: NOTE });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    return readFileSync(path, 'latin1');
  };
  const pem = await exported('pem', MANY - 1);
  assert.equal(pem.match(/-----BEGIN CERTIFICATE-----\n/g)?.length, MANY - 1);
  assert.ok(pem.replace(/\n/g, '').includes(base64(2)));

  await exported('der', MANY - 1);
  const names = execFileSync('tar', ['-tf', file('all.der')])
    .toString()
    .trim()
    .split('\n');
  assert.deepEqual([names.length, new Set(names).size], [MANY - 1, MANY - 1]);
  const name = `${ISSUER_ID}/${certificateId(2).serial}.cer`;
  const der = execFileSync('tar', ['-xOf', file('all.der'), name]);
  assert.equal(der.toString('base64'), base64(2));

  const csv = (await exported('csv', MANY)).trimEnd().split('\r\n');
  assert.equal(csv.length, MANY + 1);
  assert.match(csv[0]!, /^serial,state,subject,/);
  assert.equal(csv.filter((line) => line.startsWith(`${certificateId(1).serial},`)).length, 1);

  const lines = (await exported('jsonl', MANY))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.equal(new Set(lines.map(({ serial }) => serial)).size, MANY);
  const [removed] = lines.filter(({ serial }) => serial === certificateId(1).serial);
  const [kept] = lines.filter(({ serial }) => serial === certificateId(2).serial);
  assert.deepEqual([removed!['subject'], removed!['der']], ['CN=device-1', undefined]);
  assert.deepEqual([kept!['subject'], kept!['issuerId'], kept!['der']], ['CN=device-2', ISSUER_ID, base64(2)]);
});

test('an empty store gives an empty file, and a folder that is not there a sentence', async (t) => {
  const { cli, folder } = await installed(t);
  const path = join(folder, 'all.pem');
  assert.equal((await cli('export', path)).code, 0);
  assert.equal(readFileSync(path, 'utf8'), '');
  const { code, err } = await cli('export', join(folder, 'nowhere', 'all.pem'));
  assert.deepEqual([code, /its folder does not exist/.test(err)], [78, true]);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('all')),
    ['all.pem'],
  );
});
