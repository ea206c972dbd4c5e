/** `certs list`: what each option finds, how many there are, and the form for spreadsheets. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/embed/system.ts';
import type { CertificateName, StoredCertificate } from '../../src/core/records.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { installed, rows } from '../app/installation.ts';

const DAY = 86_400_000;

type Sample = Partial<StoredCertificate> & { names?: CertificateName[]; revoked?: true };

/** An installation whose store has these certificates, with the serial numbers 0a01, 0a02 and so on, oldest first. */
async function listing(t: TestContext, ...samples: Sample[]) {
  const place = await installed(t);
  const store = await openSqliteStore({ path: join(place.folder, 'openndes.db'), clock: systemClock });
  for (const [index, { names = [], revoked, ...fields }] of samples.entries()) {
    const issuance = issuanceFor(index);
    const certificate = { ...issuance.certificate, serial: `0a${String(index + 1).padStart(2, '0')}`, ...fields };
    await store.recordIssued({ ...issuance, certificate, names });
    if (revoked) await store.revoke(certificate, 'superseded', auditFor(index, 'revoked'));
  }
  await store.close();
  const serials = async (...args: string[]): Promise<string[]> =>
    rows(await place.cli('certs', 'list', '--json', ...args)).map(({ serial }) => serial!);
  return { ...place, serials };
}

/** So many days from now. */
const days = (number: number): Date => new Date(systemClock().getTime() + number * DAY);

test('a delivered certificate that has ended is shown as expired; a revoked one stays revoked', async (t) => {
  const { cli, serials } = await listing(
    t,
    { notAfter: days(-1) },
    { notAfter: days(1) },
    { notAfter: days(-1), revoked: true },
  );
  const { out } = await cli('certs', 'list');
  assert.deepEqual(
    out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2)),
    [
      ['SERIAL', 'STATE'],
      ['0a03', 'revoked'],
      ['0a02', 'delivered'],
      ['0a01', 'expired'],
    ],
  );
  assert.match((await cli('certs', 'show', '0a01')).out, /^state: expired$/m);
  assert.deepEqual(await serials('--expired'), ['0a01']);
  assert.deepEqual(await serials('--state', 'expired'), ['0a01']);
  assert.deepEqual(await serials('--state', 'delivered'), ['0a02']);
  assert.deepEqual(await serials('--state', 'revoked'), ['0a03']);
});

test('--expires-before takes days from now or a date, and leaves out what has ended unless the date has passed', async (t) => {
  const { serials } = await listing(
    t,
    { notAfter: new Date('2020-06-01T00:00:00Z') },
    { notAfter: days(-1) },
    { notAfter: days(29) },
    { notAfter: days(31) },
  );
  assert.deepEqual(await serials('--expires-before', '30d'), ['0a03']);
  assert.deepEqual(await serials('--expires-before', '32d'), ['0a04', '0a03']);
  assert.deepEqual(await serials('--expires-before', days(30).toISOString().slice(0, 10)), ['0a03']);
  assert.deepEqual(await serials('--expires-before', '2020-06-02'), ['0a01']);
  assert.deepEqual(await serials('--expires-before', '2020-06-01'), []);
  assert.deepEqual(await serials('--expires-before', '2020-06-01T02:01+02:00'), ['0a01']);
  assert.deepEqual(await serials('--expired', '--expires-before', '2020-06-02'), ['0a01']);
  assert.deepEqual(await serials('--expired'), ['0a02', '0a01']);
});

test('--san finds the whole name, with or without its kind, and device ids in their URI', async (t) => {
  const { serials } = await listing(
    t,
    { names: [{ kind: 'dns', value: 'Pc.example.com' }] },
    { names: [{ kind: 'upn', value: 'ada@example.com' }] },
    { names: [{ kind: 'ip', value: '2001:0db8:0000:0000:0000:0000:0000:0001' }] },
    { names: [{ kind: 'intuneDeviceId', value: '7d1f' }] },
    { names: [{ kind: 'cn', value: 'pc.example.com' }] },
  );
  assert.deepEqual(await serials('--san', 'pc.example.com'), ['0a01']);
  assert.deepEqual(await serials('--san', 'DNS:PC.example.com'), ['0a01']);
  assert.deepEqual(await serials('--san', 'dns:ada@example.com'), []);
  assert.deepEqual(await serials('--san', 'ada@example.com'), ['0a02']);
  assert.deepEqual(await serials('--san', '2001:db8::1'), ['0a03']);
  assert.deepEqual(await serials('--san', 'uri:IntuneDeviceId://7D1F'), ['0a04']);
  assert.deepEqual(await serials('--san', '7D1F'), ['0a04']);
  assert.deepEqual(await serials('--san', 'example.com'), []);
});

test('--thumbprint and --serial find however they are pasted', async (t) => {
  const { cli, serials } = await listing(t, {}, {}, { serial: 'a1b2c3' });
  const { thumbprint, thumbprintSha256 } = issuanceFor(1).certificate;
  const pairs = (text: string, mark: string) => text.match(/../g)!.join(mark);
  for (const text of [thumbprint, pairs(thumbprint, ' '), `\u200e${thumbprint.toLowerCase()}`, thumbprintSha256])
    assert.deepEqual(await serials('--thumbprint', text), ['0a02'], text);
  assert.deepEqual(await serials('--thumbprint', pairs(thumbprintSha256.toUpperCase(), ':')), ['0a02']);
  assert.match((await cli('certs', 'show', '0a02')).out, new RegExp(`^thumbprintSha256: ${thumbprintSha256}$`, 'm'));
  assert.deepEqual(await serials('--serial', '0a'), ['0a02', '0a01']);
  for (const text of ['a1', 'A1:B2', '0xa1b2c3', '00 a1 b2'])
    assert.deepEqual(await serials('--serial', text), ['a1b2c3']);
});

test('a page that is not the last says how many there are, and how to go on', async (t) => {
  const { cli } = await listing(t, ...Array.from({ length: 5 }, () => ({})));
  const page = async (...args: string[]) => {
    const { out, err } = await cli('certs', 'list', ...args);
    return [out.split('\n').length - 1, err];
  };
  assert.deepEqual(await page('--limit', '2'), [2, '2 of 5; 3 more: --after 0a04']);
  assert.deepEqual(await page('--limit', '2', '--after', '0a04'), [2, '2 of 5; 1 more: --after 0a02']);
  assert.deepEqual(await page('--limit', '2', '--after', '0a02'), [1, '']);
  assert.deepEqual(await page('--limit', '5'), [5, '']);
  assert.deepEqual(await page('--limit', '1', '--subject', 'device-1'), [1, '']);
});

test('of 1,234 certificates fifty are listed', async (t) => {
  const place = await installed(t);
  const store = await openSqliteStore({ path: join(place.folder, 'openndes.db'), clock: systemClock });
  await Promise.all(Array.from({ length: 1_234 }, (_, n) => store.recordIssued(issuanceFor(n))));
  await store.close();
  assert.match((await place.cli('certs', 'list')).err, /^50 of 1,234; 1,184 more: --after [0-9a-f]{32}$/);
});

test('--csv: RFC 4180, with nothing that a spreadsheet computes', async (t) => {
  const { cli } = await listing(
    t,
    { subject: '=HYPERLINK("http://x")', notAfter: days(400), reference: ' @SUM(1)' },
    { subject: 'CN=Ada\\, Countess,O="Q"', reference: '-1', endpoint: '\uff0b1' },
    { subject: 'CN=\r\n=1', reference: '\t+1' },
    { subject: 'CN=a\\;=1+1;b; @SUM(A1)' },
  );
  const { code, out, err } = await cli('certs', 'list', '--csv');
  assert.deepEqual([code, err], [0, '']);
  const lines = `${out}\n`.split('\r\n');
  assert.equal(
    lines[0],
    'serial,state,subject,san,issuer,endpoint,notBefore,notAfter,issuedAt,deliveredAt,revokedAt,revocationReason,' +
      'thumbprint,thumbprintSha256,transactionId,reference,importedAt,renews',
  );
  assert.deepEqual([lines.length, lines[5]], [6, '']);
  const [fourth, third, second, first] = [lines[1]!, lines[2]!, lines[3]!, lines[4]!];
  assert.ok(fourth.startsWith("0a04,delivered,CN=a\\;'=1+1;b;' @SUM(A1),,"), fourth);
  assert.ok(first.startsWith('0a01,delivered,"\'=HYPERLINK(""http://x"")",,CN=Issuing CA,'), first);
  assert.match(first, /,"?' @SUM\(1\)"?,,$/);
  assert.ok(second.startsWith('0a02,delivered,"CN=Ada\\, Countess,O=""Q""",,CN=Issuing CA,\'\uff0b1,'), second);
  assert.match(second, /,'-1,,$/);
  assert.ok(third.startsWith('0a03,delivered,CN=\\u{d}\\u{a}=1,'), third);
  assert.match(third, /,\\u\{9\}\+1,,$/);
});
