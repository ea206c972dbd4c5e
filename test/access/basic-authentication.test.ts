/** Which logins succeed, and how many comparisons failed ones cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempts } from '../../src/access/attempts.ts';
import { basicAuthentication } from '../../src/access/basic-authentication.ts';
import type { PasswordHash } from '../../src/access/password-hash.ts';
import { basic } from '../admin/admin-under-test.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';

const HASH: PasswordHash = { kdf: 'scrypt', ln: 16, r: 8, p: 1, salt: Buffer.from('salt'), hash: Buffer.from('right') };
const OTHER: PasswordHash = { ...HASH, hash: Buffer.from('other') };

/** Compares at once and records each comparison; with `hold` comparisons wait until they are released. */
function underTest({ hold = false } = {}) {
  const compared: PasswordHash[] = [];
  const held: (() => void)[] = [];
  const pauses: number[] = [];
  const clock = handClock();
  const log = keptLog();
  const authenticate = basicAuthentication({
    users: new Map([
      ['ndes', HASH],
      ['jamf', OTHER],
    ]),
    clock,
    emit: log.emit,
    async matches(password, expected) {
      compared.push(expected);
      if (hold) await new Promise<void>((resolve) => held.push(resolve));
      return Buffer.from(password).equals(expected.hash);
    },
    async pause(milliseconds) {
      pauses.push(milliseconds);
      clock.forward(milliseconds);
    },
  });
  const login = (credentials: string, address = '10.0.0.1') => authenticate(basic(credentials), address);
  return { authenticate, login, compared, held, pauses, clock, log };
}

for (const credentials of ['ndes:right', 'jamf:other', 'CONTOSO\\ndes:right', 'ndes@contoso.com:right'])
  test(`${credentials} is known`, async () => {
    const user = credentials.includes('jamf') ? 'jamf' : 'ndes';
    assert.deepEqual(await underTest().login(credentials), { kind: 'known', user });
  });

for (const credentials of [
  'ndes:wrong',
  'ndes:',
  'ndes:other',
  'jamf:right',
  'unknown:right',
  ':right',
  '__proto__:right',
])
  test(`${credentials} is wrong, after one comparison, as for a known user`, async () => {
    const { login, compared } = underTest();
    assert.deepEqual(await login(credentials), { kind: 'wrong' });
    assert.equal(compared.length, 1);
  });

test('a request without credentials is anonymous and never counts as a failure', async () => {
  const { authenticate, login, compared } = underTest();
  for (let n = 0; n < 50; n++) assert.deepEqual(await authenticate(undefined, '10.0.0.1'), { kind: 'anonymous' });
  assert.equal(compared.length, 0);
  assert.equal((await login('ndes:right')).kind, 'known');
});

for (const header of [
  '',
  'Basic',
  'Basic !',
  'Bearer abc',
  basic('nocolon'),
  `Basic ${'A'.repeat(5000)}`,
  `${basic('ndes:right')}, Bearer abc`,
  `${basic('ndes:right')}!`,
  `x ${basic('ndes:right')}`,
  basic(`ndes:${'x'.repeat(2000)}`),
])
  test(`${header.slice(0, 40)} is wrong without any comparison`, async () => {
    const { authenticate, compared } = underTest();
    assert.deepEqual(await authenticate(header, '10.0.0.1'), { kind: 'wrong' });
    assert.equal(compared.length, 0);
  });

test('after ten failures within a minute a wrong login is busy, the right one still known, and others are not slower', async () => {
  const { login, pauses, clock } = underTest();
  for (let n = 0; n < 10; n++) assert.equal((await login('ndes:wrong')).kind, 'wrong');
  assert.equal((await login('ndes:wrong')).kind, 'busy');
  assert.equal((await login('ndes:right')).kind, 'known');
  assert.equal((await login('ndes:wrong', '10.0.0.2')).kind, 'wrong');
  assert.deepEqual(pauses, [2_000]);
  clock.forward(60_000);
  assert.equal((await login('ndes:wrong')).kind, 'wrong');
});

test('beyond ten failures one password of an address is compared in two seconds', async () => {
  const { login, compared, clock } = underTest();
  for (let n = 0; n < 10; n++) await login('ndes:wrong');
  const since = clock().getTime();
  for (let n = 0; n < 20; n++) assert.equal((await login('ndes:wrong')).kind, 'busy');
  assert.equal(compared.length, 30);
  assert.equal(clock().getTime() - since, 19 * 2_000);
});

test('who guesses the password of one name from many addresses is slow, and its user at another address is not', async () => {
  const { login, pauses, clock } = underTest();
  const from = (n: number) => `198.51.100.${n}`;
  for (let n = 0; n < 10; n++) assert.equal((await login('ndes:wrong', from(n))).kind, 'wrong');
  const since = clock().getTime();
  for (let n = 0; n < 3; n++) assert.equal((await login('ndes:wrong', from(n))).kind, 'busy');
  assert.equal(clock().getTime() - since, 2 * 2_000);
  assert.equal((await login('ndes:right', '203.0.113.1')).kind, 'known');
  // At an address that was wrong it takes its turn, and is accepted.
  assert.equal((await login('ndes:right', from(4))).kind, 'known');
  assert.deepEqual(pauses, [2_000, 2_000, 2_000]);
  assert.equal((await login('nobody:wrong', from(5))).kind, 'wrong');
  clock.forward(60_000);
  assert.equal((await login('ndes:wrong', from(1))).kind, 'wrong');
});

test('failures are counted before the comparison: of 40 guesses at once ten are told that they are wrong', async () => {
  const { login, compared } = underTest();
  const guesses = await Promise.all(Array.from({ length: 40 }, (_, n) => login(`ndes:guess${n}`)));
  assert.equal(guesses.filter(({ kind }) => kind === 'wrong').length, 10);
  assert.equal(guesses.filter(({ kind }) => kind === 'busy').length, 30);
  assert.equal(compared.length, 14);
});

test('one right login that is sent 40 times at once is compared once, known each time, and counts as no failure', async () => {
  const { login, compared, pauses } = underTest();
  const logins = await Promise.all(Array.from({ length: 40 }, () => login('ndes:right')));
  assert.ok(logins.every(({ kind }) => kind === 'known'));
  assert.equal(compared.length, 1);
  for (let n = 0; n < 20; n++) assert.equal((await login('ndes:right')).kind, 'known');
  assert.equal((await login('ndes:wrong')).kind, 'wrong');
  assert.deepEqual(pauses, []);
});

test('the count of an address lasts for the whole minute', async () => {
  const { login, clock } = underTest();
  for (let n = 0; n < 10; n++) await login('ndes:wrong');
  clock.forward(59_999);
  assert.equal((await login('ndes:wrong')).kind, 'busy');
  clock.forward(1);
  assert.equal((await login('ndes:wrong')).kind, 'wrong');
});

test('ten thousand networks are remembered; one more takes the place of the one that failed first', () => {
  const failures = attempts(handClock());
  const [first, second] = ['192.0.2.1', '192.0.2.2'];
  for (let n = 0; n < 10; n++) failures.begin(first);
  for (let n = 0; n < 10; n++) failures.begin(second);
  const others = Array.from({ length: 9_999 }, (_, n) => `10.0.${n >> 8}.${n & 0xff}`);
  for (const other of others.slice(0, -1)) failures.begin(other);
  assert.equal(failures.begin(first), true);
  failures.begin(others.at(-1)!);
  assert.equal(failures.begin(second), true);
  assert.equal(failures.begin(first), false);
});

test('failures are counted by IPv6 /64, and by IPv4 address also when it is mapped into IPv6', async () => {
  for (const [failing, neighbours, others] of [
    [(n: number) => `2001:db8::${n + 1}`, ['2001:DB8:0:0:ffff::9', '2001:db8:0:0:1:2:3:4'], ['2001:db8:0:1::1', '::1']],
    [(n: number) => `fe80::${n + 1}%eth0`, ['fe80::ffff'], ['fe80:0:0:1::1']],
    [() => '::ffff:10.0.0.1', ['10.0.0.1', '::FFFF:10.0.0.1'], ['::ffff:10.0.0.2', '10.0.0.2']],
  ] as const) {
    const { login } = underTest();
    for (let n = 0; n < 10; n++) assert.equal((await login('ndes:wrong', failing(n))).kind, 'wrong');
    for (const address of neighbours) assert.equal((await login('ndes:wrong', address)).kind, 'busy', address);
    for (const address of others) assert.equal((await login('nobody:wrong', address)).kind, 'wrong', address);
  }
});

test('two passwords are compared at once, 32 wait, and further logins are busy', async () => {
  const { login, compared, held } = underTest({ hold: true });
  const logins = Array.from({ length: 40 }, (_, n) => login('ndes:right', `10.0.1.${n}`));
  assert.deepEqual(
    (await Promise.all(logins.slice(34))).map(({ kind }) => kind),
    Array.from({ length: 6 }, () => 'busy'),
  );
  assert.equal(compared.length, 2);
  while (held.length > 0) {
    held.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(held.length <= 2);
  }
  assert.ok((await Promise.all(logins.slice(0, 34))).every(({ kind }) => kind === 'known'));
});

test('the log has the address and a known user, but no password and no unknown name', async () => {
  const { login, log } = underTest();
  await login('ndes:hunter2');
  await login('hunter2:ndes');
  assert.equal(log.lines.length, 2);
  assert.match(log.lines[0]!, /"user":"ndes"/);
  for (const line of log.lines) assert.ok(line.includes('10.0.0.1') && !line.includes('hunter2'), line);
});

test('without users every login is wrong', async () => {
  const authenticate = basicAuthentication({ users: new Map(), clock: handClock(), emit: keptLog().emit });
  assert.deepEqual(await authenticate(basic('ndes:right'), '10.0.0.1'), { kind: 'wrong' });
});
