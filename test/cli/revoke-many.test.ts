/** `certs revoke` with many serial numbers: from arguments, files and standard input; all of them are checked first. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { readSerial, serialsOfText } from '../../src/cli/serial-list.ts';
import { systemClock } from '../../src/embed/system.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { certificateId, issuanceFor } from '../../src/testing/store-samples.ts';
import { installed, rows } from '../app/installation.ts';

const BIN = join(import.meta.dirname, '../../bin/openndes.mjs');
const SERIALS = ['0a01', '0a02', '0a03', 'f0ffee'];

/** An installation whose store has certificates with `SERIALS`, of CN=device-0 to CN=device-3. */
async function filled(t: TestContext) {
  const place = await installed(t);
  const path = join(place.folder, 'openndes.db');
  const store = await openSqliteStore({ path, clock: systemClock });
  for (const [n, serial] of SERIALS.entries()) {
    const issuance = issuanceFor(n);
    await store.recordIssued({ ...issuance, certificate: { ...issuance.certificate, serial } });
  }
  await store.close();
  const revoked = async (): Promise<string[]> =>
    rows(await place.cli('certs', 'list', '--json', '--state', 'revoked')).map(({ serial }) => serial!);
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(place.folder, name), content);
    return join(place.folder, name);
  };
  return { ...place, path, revoked, file };
}

test('several serial numbers are revoked, one line for each, and counted', async (t) => {
  const { cli, revoked } = await filled(t);
  assert.deepEqual(await cli('certs', 'revoke', '0x0A01', 'a:03', '--reason', 'superseded'), {
    code: 0,
    out: 'revoked 0a01 (CN=device-0): superseded\nrevoked 0a03 (CN=device-2): superseded',
    err: '2 revoked, 0 revoked already, 0 unknown',
  });
  assert.deepEqual(await revoked(), ['0a03', '0a01']);
  assert.deepEqual(await cli('certs', 'revoke', '0a01', '0a02', '0a02'), {
    code: 0,
    out: 'revoked 0a02 (CN=device-1): unspecified',
    err: 'revoked already: 0a01 (CN=device-0)\n1 revoked, 1 revoked already, 0 unknown',
  });
});

test('nothing is revoked when one is unknown, unless --skip-unknown', async (t) => {
  const { cli, revoked } = await filled(t);
  const args = ['certs', 'revoke', '0a01', '12ab', 'f0ffee'];
  assert.deepEqual(await cli(...args), {
    code: 1,
    out: '',
    err:
      'no certificate with serial 12ab\n' +
      'Nothing was revoked: 1 of 3 are unknown, 0 are of several issuers. --skip-unknown leaves out what is unknown.',
  });
  assert.deepEqual(await revoked(), []);
  assert.deepEqual(await cli(...args, '--skip-unknown'), {
    code: 0,
    out: 'revoked 0a01 (CN=device-0): unspecified\nrevoked f0ffee (CN=device-3): unspecified',
    err: 'no certificate with serial 12ab\n2 revoked, 0 revoked already, 1 unknown',
  });
  const none = await cli('certs', 'revoke', '12ab', '12ac', '--skip-unknown');
  assert.deepEqual([none.code, none.out], [1, '']);
});

test('S07 a private key that is named as the list is not shown', async (t) => {
  const { folder, cli } = await installed(t);
  const file = join(folder, 'certs', 'issuing-ca.key.pem');
  const { code, out, err } = await cli('certs', 'revoke', '--file', file);
  assert.equal(code, 78);
  assert.match(err + out, /this is a private key and no list of serial numbers/);
  for (const line of readFileSync(file, 'utf8')
    .split('\n')
    .filter((each) => /^[^-]/.test(each)))
    assert.ok(!(err + out).includes(line.slice(0, 12)));
});

test('a serial number that two issuers used, and what is no serial number, stop everything', async (t) => {
  const { cli, revoked, file, path } = await filled(t);
  const store = await openSqliteStore({ path, clock: systemClock });
  const other = issuanceFor(7);
  await store.recordIssued({
    ...other,
    certificate: { ...other.certificate, issuerId: 'ee'.repeat(32), serial: '0a02' },
  });
  await store.close();
  const several = await cli('certs', 'revoke', '0a01', '0a02', '--skip-unknown');
  assert.equal(several.code, 1);
  assert.match(
    several.err,
    /^0a02: several issuers used this serial number; name one of:\neeee[^]*Nothing was revoked: 0 of 2/,
  );
  const wrong = file('wrong.txt', '0a01\nlaptop\n5.2E+10\n');
  assert.deepEqual(await cli('certs', 'revoke', '--file', wrong, '--skip-unknown'), {
    code: 1,
    out: '',
    err: `${wrong}:2: no serial number: laptop\n${wrong}:3: no serial number: 5.2E+10\nNothing was revoked. A serial number is hexadecimal.`,
  });
  assert.deepEqual(await revoked(), []);
  const { issuerId } = certificateId(1);
  const named = await cli('certs', 'revoke', '0a01', `${issuerId.slice(0, 8)}/0A:02`);
  assert.deepEqual([named.code, named.out.split('\n').length], [0, 2]);
});

test('--file: lines in several spellings, and beside arguments', async (t) => {
  const { cli, revoked, file } = await filled(t);
  const list = file('list.txt', '\ufeff# lost in May\r\n\r\n  00:0A:02 \r\nserial=0A03\r\n0x00f0ffee\r\n');
  const { code, err } = await cli('certs', 'revoke', 'a01', '--file', list);
  assert.deepEqual([code, err], [0, '4 revoked, 0 revoked already, 0 unknown']);
  assert.deepEqual(await revoked(), ['f0ffee', '0a03', '0a02', '0a01']);
});

test('--file: the CSV of certs list, also after a spreadsheet has saved it', async (t) => {
  const { cli, revoked, file } = await filled(t);
  const { out } = await cli('certs', 'list', '--csv', '--limit', '2');
  assert.equal((await cli('certs', 'revoke', '--file', file('two.csv', `${out}\n`))).code, 0);
  assert.deepEqual(await revoked(), ['f0ffee', '0a03']);
  const saved = file('saved.csv', '\ufeffName;"Serial Number";Note\r\n"Ada; ""A""";0A 01;x\r\nBob;\'0a02\r\n;;\r\n');
  assert.equal((await cli('certs', 'revoke', '--file', saved)).err, '2 revoked, 0 revoked already, 0 unknown');
});

test('a file without serial numbers, one in UTF-16, and one that is missing are refused', async (t) => {
  const { cli, file, folder } = await filled(t);
  const refused = async (path: string): Promise<string> => {
    const { code, err } = await cli('certs', 'revoke', '--file', path);
    assert.notEqual(code, 0);
    return err;
  };
  assert.match(await refused(file('empty.txt', '# nothing\n')), /^Name serial numbers, or a file with --file/);
  assert.match(
    await refused(file('utf16.txt', Buffer.from('\ufeff0a01\n', 'utf16le'))),
    /text in UTF-16 \(the serial numbers\)/,
  );
  assert.match(await refused(file('latin.txt', Buffer.of(0x30, 0x61, 0xff))), /not text in UTF-8/);
  assert.match(await refused(join(folder, 'missing.txt')), /there is no such file \(the serial numbers\)/);
  assert.match((await cli('certs', 'revoke')).err, /^Name serial numbers/);
});

test('--file - reads standard input', async (t) => {
  const { config, revoked } = await filled(t);
  const piped = (input: string): Promise<string> => {
    const child = spawn(process.execPath, [BIN, 'certs', 'revoke', '--file', '-', '--config', config]);
    child.stdin.end(input);
    return text(child.stderr);
  };
  assert.equal(
    await piped('0a01\n\n0A:02\nzz\n'),
    'line 4: no serial number: zz\nNothing was revoked. A serial number is hexadecimal.\n',
  );
  assert.equal(await piped('0a01\n\n0A:02\n'), '2 revoked, 0 revoked already, 0 unknown\n');
  assert.deepEqual(await revoked(), ['0a02', '0a01']);
});

test('many at once', async (t) => {
  const { cli, path, file } = await filled(t);
  const store = await openSqliteStore({ path, clock: systemClock });
  const many = Array.from({ length: 1_000 }, (_, n) => {
    const issuance = issuanceFor(n + 10);
    return { ...issuance, certificate: { ...issuance.certificate, serial: (0x100000 + n).toString(16) } };
  });
  await Promise.all(many.map((issuance) => store.recordIssued(issuance)));
  await store.close();
  const list = file('many.txt', many.map(({ certificate }) => certificate.serial).join('\n'));
  const { code, out, err } = await cli('certs', 'revoke', '--file', list);
  assert.deepEqual([code, out.split('\n').length, err], [0, 1_000, '1,000 revoked, 0 revoked already, 0 unknown']);
});

test('how a serial number may be written', () => {
  for (const written of [
    '0a0b',
    '0A:0B',
    '0a 0b',
    '0x0a0b',
    '0XA0B',
    '00000a0b',
    'a0b',
    'serial=0A0B',
    "'0a0b",
    '00:0a:0b',
  ])
    assert.equal(readSerial(written), '0a0b', written);
  assert.equal(readSerial('EE/0A0B'), 'EE/0a0b');
  assert.equal(readSerial('0'), '00');
  for (const written of ['', '0x', 'xyz', '-5', '1/2/3', '12.5']) assert.equal(readSerial(written), undefined, written);
  assert.deepEqual(serialsOfText('a\tserial\n1\t"0\n2"\n', 'row '), [{ text: '0\n2', where: 'row 2' }]);
});
