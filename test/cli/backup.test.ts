/** `openndes backup`, `backup verify` and `restore`: the whole installation, copied while its server works. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { newRsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { installed, rows, run } from '../app/installation.ts';
import { addToArchive, chunksOf, endArchive, readArchive } from '../../src/app/tar.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

async function enrolled(url: string, challenge: string, subject: string): Promise<void> {
  const plan = { key: newRsaKey(), subject: nameFromText(subject), challenge };
  assert.equal((await enroll(await discover(url, context), plan, context)).status, 'success');
}

/** A server that has issued CN=one, and its backup, made while it runs. */
async function backedUp(t: TestContext, change?: (config: string) => string) {
  const place = await installed(t, change);
  const { url } = await place.started();
  await enrolled(url, place.challenge, 'CN=one');
  const archive = join(place.folder, 'backup.tar');
  const said = await place.cli('backup', archive);
  assert.deepEqual([said.code, said.err], [0, '']);
  return { ...place, url, archive, said, target: join(place.folder, 'restored') };
}

test('a backup of a running server is a whole installation: it knows its certificates, and serves with its keys', async (t) => {
  const { archive, url, challenge, target, folder, said } = await backedUp(t);
  assert.match(said.out, /^wrote .*backup\.tar: 8 files, made \d{4}-.*Z by openndes \d+\.\d+\.\d+$/);
  assert.equal(statSync(archive).mode & 0o777, 0o600);
  await enrolled(url, challenge, 'CN=two');
  assert.equal((await run('backup', 'verify', archive)).code, 0);
  assert.equal((await run('restore', archive, target)).code, 0);
  const config = join(target, 'openndes.yaml');
  const listed = rows(await run('certs', 'list', '--json', '--config', config));
  assert.deepEqual(
    listed.map(({ subject }) => subject),
    ['CN=one'],
  );
  assert.equal((await run('check', '--config', config)).code, 0);
  for (const key of ['certs/issuing-ca.key.pem', 'certs/ra.key.pem', 'challenge.txt']) {
    assert.deepEqual(readFileSync(join(target, key)), readFileSync(join(folder, key)), key);
    assert.equal(statSync(join(target, key)).mode & 0o777, 0o600, key);
  }
  assert.equal(statSync(join(target, 'certs')).mode & 0o777, 0o700);
});

test('tar lists the files of a backup', async (t) => {
  const { archive } = await backedUp(t);
  const names = execFileSync('tar', ['-tf', archive]).toString().trim().split('\n').toSorted();
  assert.deepEqual(
    names.filter((name) => !name.startsWith('certs/ra')),
    [
      'MANIFEST.json',
      'certs/chain.pem',
      'certs/issuing-ca.key.pem',
      'certs/issuing-ca.pem',
      'challenge.txt',
      'openndes.db',
      'openndes.yaml',
    ],
  );
});

test('the ML-KEM key beside an RA of any form is in a backup', async (t) => {
  const change = (config: string): string =>
    config.replace('ra: auto', 'ra: none').replace('profile: device', 'profile: device\n    kem: ml-kem-768');
  const place = await installed(t, change, 'rsa-2048');
  await place.started();
  const archive = join(place.folder, 'backup.tar');
  assert.equal((await place.cli('backup', archive)).code, 0);
  const names = execFileSync('tar', ['-tf', archive]).toString().trim().split('\n');
  assert.deepEqual(names.filter((name) => name.startsWith('certs/ra')).toSorted(), [
    'certs/ra-kem.key.pem',
    'certs/ra-kem.pem',
  ]);
});

test('one changed octet, a missing end and a file beside the manifest are found, and nothing is restored', async (t) => {
  const { archive, target, folder } = await backedUp(t);
  const whole = readFileSync(archive);
  const bad = join(folder, 'bad.tar');
  const at = whole.indexOf('SQLite format 3') + 4096;
  const changed = Buffer.from(whole);
  changed[at]! ^= 1;
  const cases: [Buffer, RegExp][] = [
    [changed, /not a whole backup: openndes\.db is changed/],
    [whole.subarray(0, whole.length - 4096), /not a whole backup: it ends too early|its manifest is missing/],
    [whole.subarray(0, 700), /not a whole backup/],
    [Buffer.from('no archive at all'.repeat(100)), /not a whole backup: it has a header that no backup has/],
  ];
  for (const [content, why] of cases) {
    writeFileSync(bad, content);
    for (const args of [
      ['backup', 'verify', bad],
      ['restore', bad, target],
    ]) {
      const { code, err } = await run(...args);
      assert.equal(code, 78, err);
      assert.match(err, why);
    }
  }
  assert.ok(!readdirSync(folder).includes('restored'));
});

/** Writes the archive again, with other names and contents. */
async function rewritten(
  from: string,
  to: string,
  change: (name: string, content: Buffer) => [string, Buffer],
): Promise<void> {
  const out = openSync(to, 'wx');
  for await (const { name, content } of readArchive(from)) {
    const [as, octets] = change(name, Buffer.concat(await pieces(content)));
    addToArchive(out, { name: as, size: octets.length, content: [octets] });
  }
  endArchive(out);
  closeSync(out);
}

test('an archive whose names lead out of the folder is refused', async (t) => {
  const { archive, target, folder } = await backedUp(t);
  for (const evil of ['../escaped', '/tmp/escaped', 'a/../../escaped']) {
    const bad = join(folder, `evil-${evil.length}.tar`);
    await rewritten(archive, bad, (name, content) => [
      name === 'challenge.txt' ? evil : name,
      name === 'MANIFEST.json'
        ? Buffer.from(content.toString().replace('"name": "challenge.txt"', `"name": "${evil}"`))
        : content,
    ]);
    const { code, err } = await run('restore', bad, target);
    assert.equal(code, 78);
    assert.match(err, /not a whole backup: its manifest is not one of this version/);
  }
  assert.ok(!readdirSync(folder).includes('escaped'));
});

test('restore refuses a folder with something in it, and backup a file that is there', async (t) => {
  const { archive, cli, target } = await backedUp(t);
  mkdirSync(target);
  writeFileSync(join(target, 'mine'), '');
  const restored = await run('restore', archive, target);
  assert.deepEqual([restored.code, /is not empty/.test(restored.err)], [78, true]);
  assert.deepEqual(readdirSync(target), ['mine']);
  const again = await cli('backup', archive);
  assert.deepEqual([again.code, /is already there/.test(again.err)], [78, true]);
});

test('what is not below the folder of the configuration is restored beside it, and restore says where it belongs', async (t) => {
  const place = await installed(t);
  const outside = join(place.folder, 'elsewhere');
  const inside = join(place.folder, 'etc');
  mkdirSync(inside);
  for (const name of ['certs', 'challenge.txt', 'openndes.yaml'])
    renameSync(join(place.folder, name), join(inside, name));
  const config = join(inside, 'openndes.yaml');
  const text = readFileSync(config, 'utf8').replace('sqlite:./openndes.db', `sqlite:${outside}/openndes.db`);
  writeFileSync(config, text);
  const archive = join(place.folder, 'backup.tar');
  assert.match((await run('backup', archive, '--config', config)).err, /There is no store yet/);
  assert.equal((await run('ca', 'crl', '--config', config, '--out', join(place.folder, 'list.crl'))).code, 0);
  const second = join(place.folder, 'second.tar');
  assert.equal((await run('backup', second, '--config', config)).code, 0);
  const target = join(place.folder, 'restored');
  const { out } = await run('restore', second, target);
  const restored = join(target, 'outside', outside, 'openndes.db');
  assert.ok(out.includes(`move ${restored} to ${outside}/openndes.db`), out);
  assert.equal(statSync(restored).mode & 0o777, 0o600);
});

test('a backup without one of the files that the configuration names is not made', async (t) => {
  const { cli, folder } = await installed(t, (config) =>
    config.replace('ra: auto', 'ra: auto\n    next: { certificate: certs/gone.pem }'),
  );
  const { code, err } = await cli('backup', join(folder, 'backup.tar'));
  assert.equal(code, 78);
  assert.match(err, /certs\/gone\.pem: there is no such file/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => /backup/.test(name)),
    [],
  );
});

test('names of up to 255 octets are read back; a longer one and a file that shrinks are refused', async (t) => {
  const { folder } = await installed(t);
  const path = join(folder, 'long.tar');
  const long = `${'a'.repeat(120)}/${'b'.repeat(99)}`;
  const out = openSync(path, 'wx');
  addToArchive(out, { name: long, size: 3, content: [Buffer.from('abc')] });
  endArchive(out);
  closeSync(out);
  const read = [];
  for await (const { name, size, content } of readArchive(path))
    read.push([name, size, Buffer.concat(await pieces(content)).toString()]);
  assert.deepEqual(read, [[long, 3, 'abc']]);
  assert.throws(() => addToArchive(0, { name: 'c'.repeat(101), size: 0, content: [] }), { name: 'ConfigError' });
  const file = openSync(path, 'r');
  assert.throws(() => [...chunksOf(file, 1e6)], /ends \d+ octets early/);
  closeSync(file);
});

async function pieces(content: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all = [];
  for await (const piece of content) all.push(piece);
  return all;
}

const { generateX25519Identity, identityToRecipient } = createRequire(import.meta.url)('age-encryption') as {
  generateX25519Identity: () => Promise<string>;
  identityToRecipient: (identity: string) => Promise<string>;
};
const PASSPHRASE = 'a passphrase of the tests';
const IDENTITY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';

/** A file that nobody else may read. */
function secretFile(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

test('an archive for a recipient, and one with a passphrase, hold nothing in clear and are opened by the key alone', async (t) => {
  const { cli, folder } = await installed(t);
  const identity = await generateX25519Identity();
  const key = secretFile(folder, 'backup.key', `# made by a test\n${identity}`);
  const other = secretFile(folder, 'other.key', await generateX25519Identity());
  const word = secretFile(folder, 'word', PASSPHRASE);
  const wrong = secretFile(folder, 'wrong', 'another passphrase');
  const recipient = await identityToRecipient(identity);
  const cases = [
    [
      ['--recipient', recipient],
      ['--identity', key],
      ['--identity', other],
    ],
    [
      ['--passphrase-file', word],
      ['--passphrase-file', word],
      ['--passphrase-file', wrong],
    ],
  ] as const;
  for (const [[how, lock], opens, opensNot] of cases) {
    const archive = join(folder, `backup${how}.age`);
    const made = await cli('backup', how, lock, archive);
    assert.match(made.out, /^wrote .*, encrypted$/);
    const octets = readFileSync(archive);
    assert.equal(octets.toString('latin1', 0, 22), 'age-encryption.org/v1\n');
    for (const clear of ['PRIVATE KEY', 'openndes.yaml', 'MANIFEST']) assert.ok(!octets.includes(clear), clear);
    assert.match((await run('backup', 'verify', ...opens, archive)).out, / is whole: \d files/);
    const target = join(folder, `restored${how}`);
    assert.equal((await run('restore', ...opens, archive, target)).code, 0);
    assert.deepEqual(
      readFileSync(join(target, 'certs/issuing-ca.key.pem')),
      readFileSync(join(folder, 'certs/issuing-ca.key.pem')),
    );
    const closed = await run('restore', archive, join(folder, 'closed'));
    assert.deepEqual([closed.code, /is encrypted\nGive --identity FILE/.test(closed.err)], [78, true]);
    const refused = await run('restore', ...opensNot, archive, join(folder, 'closed'));
    assert.deepEqual(
      [refused.code, /cannot be opened with these identities|with this passphrase/.test(refused.err)],
      [78, true],
    );
    for (const cut of [octets.length - 1, octets.length - 20, 70_000, 300]) {
      writeFileSync(join(folder, 'cut'), octets.subarray(0, Math.min(cut, octets.length - 1)));
      assert.equal((await run('restore', ...opens, join(folder, 'cut'), join(folder, 'closed'))).code, 78, `${cut}`);
    }
    assert.ok(!readdirSync(folder).includes('closed'));
  }
});

test('what cannot lock or open an archive is refused, and no secret is in the error', async (t) => {
  const { cli, folder } = await installed(t);
  const archive = join(folder, 'backup.age');
  const word = secretFile(folder, 'word', PASSPHRASE);
  const both = await cli('backup', '--recipient', 'age1x', '--passphrase-file', word, archive);
  assert.deepEqual([both.code, /not both/.test(both.err)], [78, true]);
  const no = await cli('backup', '--recipient', 'age1x', archive);
  assert.deepEqual([no.code, no.err.startsWith('age1x: not a recipient of age\n')], [78, true]);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('backup')),
    [],
  );
  assert.equal((await cli('backup', '--passphrase-file', secretFile(folder, 'empty', ''), archive)).code, 78);
  assert.equal((await cli('backup', '--passphrase-file', word, archive)).code, 0);
  const broken = await run('backup', 'verify', '--identity', secretFile(folder, 'broken', IDENTITY), archive);
  assert.equal(broken.code, 78);
  assert.ok(!broken.err.includes(IDENTITY.slice(15, 40)), broken.err);
  assert.equal((await run('backup', 'verify', '--identity', word, archive)).code, 78);
});

test('with fips.required no archive is encrypted with age, and one in clear is made', async (t) => {
  const { cli, folder } = await installed(t, (text) => `${text}\nfips: { required: true, pkcs1KeyTransport: allow }\n`);
  const archive = join(folder, 'backup.age');
  const refused = await cli('backup', '--passphrase-file', secretFile(folder, 'word', PASSPHRASE), archive);
  assert.deepEqual([refused.code, /its algorithms are not approved/.test(refused.err)], [78, true]);
  assert.equal((await cli('backup', archive)).code, 0);
});

test('a backup that is killed leaves nothing under the name of the archive, and the next one is made', async (t) => {
  const { cli, folder, config } = await installed(t, (text) => `${text}\naudit:\n  key: large.pem\n`);
  const large = join(folder, 'large.pem');
  writeFileSync(large, Buffer.alloc(200 * 1024 * 1024), { mode: 0o600 });
  const archive = join(folder, 'backup.age');
  const word = secretFile(folder, 'word', PASSPHRASE);
  const bin = join(import.meta.dirname, '../../bin/openndes.mjs');
  const child = spawn(process.execPath, [bin, 'backup', '--passphrase-file', word, '--config', config, archive], {
    stdio: 'ignore',
  });
  const halves = (): string[] => readdirSync(folder).filter((name) => name.startsWith('.openndes-backup-'));
  const isWriting = (): boolean => halves().some((each) => sizeOf(join(folder, each, 'archive')) > 1_000_000);
  await until(isWriting, 'a part of the archive', { every: 5 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(!readdirSync(folder).includes('backup.age'));
  writeFileSync(large, '');
  assert.equal((await cli('backup', '--passphrase-file', word, archive)).code, 0);
  assert.deepEqual(halves(), []);
});

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

test('the store and its history have when the last backup was made, and by whom; one of a folder without a store leaves none', async (t) => {
  const { cli, config, folder } = await installed(t);
  assert.equal((await cli('backup', join(folder, 'none.tar'))).code, 0);
  await (await openConfiguredStore(config)).close();
  assert.equal((await cli('backup', join(folder, 'one.tar'))).code, 0);
  const store = await openConfiguredStore(config);
  const [last, [entry, ...others]] = [await store.lastBackup(), await store.listAudit({})];
  await store.close();
  assert.deepEqual([entry?.event, entry?.source, others], ['backed-up', 'cli', []]);
  assert.equal(entry?.detail, last?.toISOString());
});
