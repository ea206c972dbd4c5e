/** Who is behind a request: programs by tokens, people by sessions; and which logins succeed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionId } from '../../src/access/session-cookie.ts';
import { accessUnderTest, cookieFrom, FROM, hashOf, tokenNamed, TOTP_URI, USERS } from './access-under-test.ts';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { MINUTE } from '../../src/core/durations.ts';

const codeAt = (now: Date): string => parseSecondFactor(TOTP_URI)!.generate({ timestamp: now.getTime() });
const bearer = (token: string) => ({ ...FROM, authorization: `Bearer ${token}` });

type UnderTest = Awaited<ReturnType<typeof accessUnderTest>>;

/** Logs ada in, and returns the Cookie header. */
async function loggedIn({ access, clock }: Pick<UnderTest, 'access' | 'clock'>): Promise<string> {
  const result = await access.login({ user: 'ada', password: 'right', code: codeAt(clock()) }, FROM);
  assert.ok(result.kind === 'logged-in', result.kind);
  return cookieFrom(result.cookie);
}

const history = async ({ store }: Pick<UnderTest, 'store'>): Promise<string[]> =>
  (await store.listAudit({}))
    .toReversed()
    .map(({ event, actor, source, detail }) =>
      [event, actor.kind, actor.name, actor.address, source, detail].join(' '),
    );

test('a program has the role of its token; a wrong or expired token is nobody', async (t) => {
  const { access, clock, log } = await accessUnderTest(t, {
    tokens: [
      tokenNamed('inventory', 'a-long-random-token', { grant: { role: 'viewer', endpoints: ['a'] } }),
      tokenNamed('old', 'another-long-token', { expires: new Date('2000-01-01T00:00:00Z') }),
    ],
  });
  assert.deepEqual(await access.resolveCaller(bearer('a-long-random-token')), {
    actor: { kind: 'program', name: 'inventory', address: '203.0.113.7' },
    source: 'api',
    grants: [{ role: 'viewer', endpoints: ['a'] }],
  });
  assert.equal(await access.resolveCaller(bearer('a-long-random-tokeN')), 'wrong');
  assert.equal(await access.resolveCaller(bearer('another-long-token')), 'wrong');
  assert.equal(await access.resolveCaller({ ...FROM, authorization: 'a-long-random-token' }), 'wrong');
  assert.match(log.lines.join('\n'), /"token":"old"/);
  assert.ok(!log.lines.join('\n').includes('long-random'));
  assert.equal(await access.resolveCaller(FROM), 'anonymous');
  for (let tries = 0; tries < 7; tries++) await access.resolveCaller(bearer('guess'));
  assert.equal(await access.resolveCaller(bearer('guess')), 'busy');
  assert.notEqual(await access.resolveCaller(bearer('a-long-random-token')), 'busy');
  clock.forward(MINUTE);
  assert.equal(await access.resolveCaller(bearer('guess')), 'wrong');
});

test('a person logs in with password and code, is known by the cookie alone, and logs out; the history says so', async (t) => {
  const under = await accessUnderTest(t);
  const { access, clock, store } = under;
  const result = await access.login({ user: 'ada', password: 'right', code: codeAt(clock()) }, FROM);
  assert.ok(result.kind === 'logged-in');
  assert.match(result.cookie, /^__Host-openndes=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  const cookie = cookieFrom(result.cookie);
  const caller = {
    actor: { kind: 'person', name: 'ada', address: '203.0.113.7' },
    source: 'page',
    grants: [{ role: 'admin' }],
  };
  assert.deepEqual(await access.resolveCaller({ ...FROM, cookie: `theme=dark; ${cookie}` }), caller);
  const session = await access.sessionOf({ ...FROM, cookie });
  assert.deepEqual([session?.caller, session?.endsAt], [caller, new Date(clock().getTime() + 30 * MINUTE)]);
  const secret = cookie.split('=')[1]!;
  assert.match(session!.formToken, /^[\w-]{43}$/);
  assert.notEqual(session!.formToken, secret);
  assert.equal((await store.findSession(secret)) ?? (await store.findSession(session!.formToken)), undefined);
  assert.equal((await store.findSession(sessionId(secret)))?.name, 'ada');
  assert.match((await access.logout({ ...FROM, cookie })).cookie, /^__Host-openndes=; .*Max-Age=0$/);
  assert.equal(await access.resolveCaller({ ...FROM, cookie }), 'anonymous');
  assert.deepEqual(await history(under), [
    'logged-in person ada 203.0.113.7 page local',
    'logged-out person ada 203.0.113.7 page local',
  ]);
});

test('no login without each factor, and none twice with one code', async (t) => {
  const under = await accessUnderTest(t);
  const { access, clock } = under;
  const code = codeAt(clock());
  const wrong = [
    { user: 'ada', password: 'right' },
    { user: 'ada', password: 'right', code: '00000000' },
    { user: 'ada', password: 'wrong', code },
    { user: 'carol', password: 'right', code },
    { user: 'bob', password: 'right', code },
  ];
  for (const each of wrong) assert.deepEqual(await access.login(each, FROM), { kind: 'wrong' }, JSON.stringify(each));
  await loggedIn(under);
  assert.deepEqual(await access.login({ user: 'ada', password: 'right', code }, FROM), { kind: 'wrong' });
  const bob = { user: 'bob', password: 'right' };
  assert.deepEqual(await access.login(bob, { ...FROM, certificate: 'CN=ada' }), { kind: 'wrong' });
  assert.equal((await access.login(bob, { ...FROM, certificate: 'CN=bob' })).kind, 'logged-in');
  const failures = (await history(under)).filter((line) => line.startsWith('login-failed'));
  assert.equal(failures[0], 'login-failed person ada 203.0.113.7 page ');
  assert.equal(failures[3], 'login-failed person no known user 203.0.113.7 page ');
  assert.equal(failures.length, 7);
});

test('wrong logins are slowed by network, and the right one is still accepted; the history has 60 a minute', async (t) => {
  const under = await accessUnderTest(t);
  const { access, clock } = under;
  const wrong = () => access.login({ user: 'ada', password: 'wrong' }, FROM);
  for (let tries = 0; tries < 10; tries++) assert.equal((await wrong()).kind, 'wrong');
  assert.equal((await wrong()).kind, 'busy');
  const started = clock().getTime();
  assert.equal((await wrong()).kind, 'busy');
  assert.equal(clock().getTime() - started, 2_000);
  await loggedIn(under);
  for (let other = 0; other < 60; other++)
    await access.login({ user: 'ada', password: 'wrong' }, { address: `198.51.100.${other}` });
  const failures = (await history(under)).filter((line) => line.startsWith('login-failed'));
  assert.equal(failures.length, 60);
});

test('a session ends half an hour after its last request, and eight hours after the login', async (t) => {
  const idle = await accessUnderTest(t);
  const cookie = await loggedIn(idle);
  for (let minutes = 0; minutes < 60; minutes += 20) {
    idle.clock.forward(20 * MINUTE);
    assert.ok(await idle.access.sessionOf({ ...FROM, cookie }), `after ${minutes} minutes`);
  }
  idle.clock.forward(31 * MINUTE);
  assert.equal(await idle.access.sessionOf({ ...FROM, cookie }), undefined);
  const long = await accessUnderTest(t);
  const kept = await loggedIn(long);
  for (let minutes = 20; minutes < 480; minutes += 20) {
    long.clock.forward(20 * MINUTE);
    assert.ok(await long.access.sessionOf({ ...FROM, cookie: kept }), `after ${minutes} minutes`);
  }
  assert.equal(
    (await long.access.sessionOf({ ...FROM, cookie: kept }))?.endsAt.getTime(),
    long.clock().getTime() + 20 * MINUTE,
  );
  long.clock.forward(20 * MINUTE);
  assert.equal(await long.access.sessionOf({ ...FROM, cookie: kept }), undefined);
});

test('a cookie of another kind is nobody: a stolen one after logout, a guess, two at once, one of plain http', async (t) => {
  const under = await accessUnderTest(t);
  const cookie = await loggedIn(under);
  const { access } = under;
  const secret = cookie.split('=')[1]!;
  const others = [
    `${cookie}; ${cookie}`,
    `openndes=${secret}`,
    '__Host-openndes=',
    `__Host-openndes=${'A'.repeat(43)}`,
  ];
  for (const each of others) assert.equal(await access.resolveCaller({ ...FROM, cookie: each }), 'anonymous', each);
  await access.logout({ ...FROM, cookie });
  assert.equal(await access.resolveCaller({ ...FROM, cookie }), 'anonymous');
});

test('the configuration decides at each request: a session ends with its user or password, and has the new role', async (t) => {
  const under = await accessUnderTest(t);
  const cookie = await loggedIn(under);
  const ada = USERS.get('ada')!;
  const afterwards = async (users: typeof USERS) => {
    const { accessOf } = await import('../../src/access/access-checks.ts');
    return accessOf({ ...under.options, users }).resolveCaller({ ...FROM, cookie });
  };
  assert.equal(await afterwards(new Map()), 'anonymous');
  assert.equal(await afterwards(new Map([['ada', { ...ada, password: hashOf('changed') }]])), 'anonymous');
  const demoted = await afterwards(new Map([['ada', { ...ada, grant: { role: 'viewer' as const } }]]));
  assert.deepEqual(typeof demoted === 'object' && demoted.grants, [{ role: 'viewer' }]);
});

test('nobody logs in over a network without TLS; on loopback the cookie is one of plain http', async (t) => {
  const open = await accessUnderTest(t, { transport: 'open' });
  const credentials = { user: 'ada', password: 'right', code: codeAt(open.clock()) };
  assert.deepEqual(await open.access.login(credentials, FROM), { kind: 'open' });
  const local = await accessUnderTest(t, { transport: 'loopback' });
  const result = await local.access.login(credentials, FROM);
  assert.match(
    result.kind === 'logged-in' ? result.cookie : '',
    /^openndes=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
  );
});
