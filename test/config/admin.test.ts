/** `admin`, `oneTime` and `adminPage`: the values they become, and what is refused with its line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHashAlone } from '../../src/config/admin-access.ts';
import { AUTHORITIES, ENDPOINTS, FOLDER, load, problemsOf } from './config-under-test.ts';

const HASH = `$scrypt$ln=16,r=8,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;
const USERS = `admin: { users: { ndes: "${HASH}" } }\n`;
const endpoint = (keys: string): string => `${AUTHORITIES}endpoints: [{ ${keys} }]\n`;
const policyOf = (keys: string) => load(endpoint(`policy: ${keys}`)).config.endpoints[0]?.policy;
const MINUTE = 60_000;

test('without a section there is no listener for administrators', () => {
  assert.equal(load(`${AUTHORITIES}${ENDPOINTS}`).config.admin, undefined);
});

test('admin: loopback, port 8081, and a hash ready for use', () => {
  const { admin } = load(`${USERS}${AUTHORITIES}${ENDPOINTS}`).config;
  const { users, ...rest } = admin ?? assert.fail('no admin');
  assert.deepEqual(rest, {
    host: '127.0.0.1',
    port: 8081,
    tokens: {},
    twoPersons: false,
    session: { idle: 30 * MINUTE, longest: 480 * MINUTE },
  });
  const ndes = users['ndes'] ?? assert.fail('no user');
  assert.ok(isHashAlone(ndes) && ndes.kdf === 'scrypt');
  assert.deepEqual([ndes.ln, ndes.r, ndes.p], [16, 8, 1]);
});

test('a hash may come from a file; the line break at its end is dropped', () => {
  const text = `admin: { users: { ndes: "\${file:ndes.hash}" } }\n${AUTHORITIES}${ENDPOINTS}`;
  const { admin } = load(text, { files: { [`${FOLDER}/ndes.hash`]: `${HASH}\n` } }).config;
  assert.deepEqual(Object.keys(admin?.users ?? {}), ['ndes']);
});

test('oneTime: the defaults of NDES, and every option', () => {
  assert.deepEqual(policyOf('{ oneTime: {} }'), { kind: 'oneTime', validity: 60 * MINUTE, max: 5, length: 8 });
  assert.deepEqual(policyOf('{ oneTime: { validity: 5m, max: 100, length: 16, single: FEDCBA9876543210 } }'), {
    kind: 'oneTime',
    validity: 5 * MINUTE,
    max: 100,
    length: 16,
    single: 'FEDCBA9876543210',
  });
});

test('oneTime inside anyOf has its page too', () => {
  const text = endpoint('adminPage: public, policy: { anyOf: [{ static: abcdefgh }, { oneTime: {} }] }');
  assert.equal(load(`${USERS}${text}`).config.endpoints[0]?.adminPage, 'public');
});

const REFUSED: Readonly<Record<string, [text: string, problem: RegExp]>> = {
  'a token that can be guessed': [
    `admin: { token: short }\n${AUTHORITIES}${ENDPOINTS}`,
    /^openndes.yaml:1:17 admin.token: a token of fewer than 16 characters/,
  ],
  'a password in place of its hash': [
    `admin: { users: { ndes: hunter2hunter2 } }\n${AUTHORITIES}${ENDPOINTS}`,
    /^openndes.yaml:1:25 admin.users.ndes: not a hash of a password.*`openndes hash-password`/,
  ],
  'a public page without users': [
    endpoint('adminPage: public, policy: { oneTime: {} }'),
    /^openndes.yaml:2:\d+ endpoints\[0\].adminPage: the page could not be used/,
  ],
  'a public page without users, with a token': [
    `admin: { token: a-token-of-more-than-16 }\n${endpoint('adminPage: public, policy: { oneTime: {} }')}`,
    /adminPage: the page could not be used/,
  ],
  'a page without one-time passwords': [
    `${USERS}${endpoint('adminPage: public, policy: { static: abcdefgh }')}`,
    /^openndes.yaml:3:\d+ endpoints\[0\].adminPage: there is no administrator page without one-time passwords/,
  ],
  'an endpoint where a page would be': [
    endpoint('path: /scep/MSCEP_admin/, policy: { static: abcdefgh }'),
    /path: that path belongs to the administrator page/,
  ],
  'passwords that can be guessed': [
    endpoint('policy: { oneTime: { length: 4 } }'),
    /length: not a whole number from 8/,
  ],
  'passwords that expire at once': [
    endpoint('policy: { oneTime: { validity: 0 } }'),
    /validity: shorter than a minute/,
  ],
  'no password at a time': [endpoint('policy: { oneTime: { max: 0 } }'), /max: not a whole number from 1/],
  'a single password that can be guessed': [endpoint('policy: { oneTime: { single: abc } }'), /single: not text of 16/],
  'a single password that breaks the page': [
    endpoint('policy: { oneTime: { single: "<b>0123456789abcdef" } }'),
    /single: not text of 16/,
  ],
  'two policies': [endpoint('policy: { oneTime: {}, static: abcdefgh }'), /policy: two policies/],
};

for (const [what, [text, problem]] of Object.entries(REFUSED))
  test(`refused: ${what}`, () => {
    const [first = 'nothing', ...others] = problemsOf(text);
    assert.match(first, problem);
    assert.deepEqual(others, []);
    assert.doesNotMatch(first, /hunter2|0123456789abcdef|\babc\b/);
  });

const TOTP = 'otpauth://totp/openndes:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const TOKEN_HASH = `sha256:${'ab'.repeat(32)}`;
const ROLES = `admin:
  tokens: { inventory: { hash: "${TOKEN_HASH}", role: viewer, expires: "2027-01-31", endpoints: [/certsrv/mscep/mscep.dll] } }
  users: { ada: { password: "${HASH}", totp: "${TOTP}", role: operator, authorities: [main] } }
`;
const ONE =
  'authorities: { main: { certificate: ca.pem, key: ca.key } }\nendpoints: [{ policy: { static: abcdefgh } }]\n';

test('tokens and users have roles, and limits that name what the file defines', () => {
  const { admin } = load(`${ROLES}${ONE}`).config;
  const inventory = admin?.tokens['inventory'];
  assert.equal(Buffer.from(inventory?.hash ?? []).toString('hex'), 'ab'.repeat(32));
  assert.deepEqual([inventory?.role, inventory?.expires], ['viewer', new Date('2027-01-31T00:00:00Z')]);
  const ada = admin?.users['ada'] ?? assert.fail('no ada');
  assert.ok(!isHashAlone(ada));
  assert.deepEqual([ada.role, ada.authorities, ada.totp?.label], ['operator', ['main'], 'ada']);
});

for (const [what, from, to, expected] of [
  [
    'a limit to nothing',
    '[main]',
    '[mian]',
    /admin\.users\.ada\.authorities\[0\]: nothing in `authorities` has this name.*`main`/,
  ],
  [
    'a limit to no endpoint',
    '[/certsrv/mscep/mscep.dll]',
    '[/scep]',
    /admin\.tokens\.inventory\.endpoints\[0\]: nothing in `endpoints` has this name/,
  ],
  ['no second factor', `totp: "${TOTP}", `, '', /admin\.users\.ada: a password alone.*openndes totp new/],
  ['a second factor that is a key alone', TOTP, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', /admin\.users\.ada/],
  [
    'a token as it is sent',
    TOKEN_HASH,
    'openndes_abc',
    /admin\.tokens\.inventory\.hash: not the hash of a token.*`openndes token new NAME`/,
  ],
  ['a role that is none', 'role: viewer', 'role: root', /admin\.tokens\.inventory\.role/],
  ['a date that is none', '2027-01-31', 'soon', /admin\.tokens\.inventory\.expires: not a date/],
  [
    'a named token with the name of the other one',
    'tokens: { inventory:',
    'token: "a-long-random-token"\n  tokens: { token:',
    /admin: `tokens\.token` beside `token`: both programs would have the name/,
  ],
  ['a person who scrapes', 'role: operator', 'role: metrics', /admin\.users\.ada/],
] as const)
  test(`admin: ${what} is refused`, () => {
    const [problem = '', ...others] = problemsOf(`${ROLES}${ONE}`.replace(from, to));
    assert.match(problem, expected);
    assert.deepEqual(others, []);
    assert.ok(!problem.includes('GEZDGNB'));
  });

const OIDC = `admin:
  publicUrl: https://admin.example.com
  oidc: { issuer: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", clientId: app, clientSecret: s3cr3t-of-the-app, roles: { Openndes.Admin: admin } }
`;

test('oidc: its defaults', () => {
  const { oidc } = load(`${OIDC}${ONE}`).config.admin ?? assert.fail('no admin');
  assert.deepEqual([oidc?.claim, oidc?.scope, oidc?.roles], ['roles', 'openid profile', { 'Openndes.Admin': 'admin' }]);
});

for (const [what, from, to, expected] of [
  [
    'an issuer of all tenants',
    '11111111-2222-3333-4444-555555555555',
    'common',
    /oidc\.issuer: an issuer of all tenants/,
  ],
  [
    'an issuer without TLS',
    'https://login.microsoftonline.com/',
    'http://login.example.com/',
    /oidc\.issuer: a provider on another machine without TLS/,
  ],
  [
    'no URL to come back to',
    'publicUrl: https://admin.example.com',
    'port: 8081',
    /admin: `oidc` without `publicUrl`.*callback/,
  ],
  ['no credential', 'clientSecret: s3cr3t-of-the-app, ', '', /admin\.oidc: no credential of the app/],
  [
    'two credentials',
    'clientSecret:',
    'clientCertificate: a.pem, clientKey: a.key, clientSecret:',
    /admin\.oidc: no credential of the app, or two/,
  ],
  [
    'a certificate without a key',
    'clientSecret: s3cr3t-of-the-app',
    'clientCertificate: a.pem',
    /admin\.oidc: a certificate without its key/,
  ],
  ['a role that is none here', 'Openndes.Admin: admin', 'Openndes.Admin: root', /admin\.oidc\.roles\.Openndes\.Admin/],
] as const)
  test(`oidc: ${what} is refused`, () => {
    const [problem = '', ...others] = problemsOf(`${OIDC}${ONE}`.replace(from, to));
    assert.match(problem, expected);
    assert.deepEqual(others, []);
    assert.ok(!problem.includes('s3cr3t'));
  });

test('oidc: a limit of a role names what the file defines, as other limits do', () => {
  const limited = OIDC.replace('Openndes.Admin: admin', 'Desk: { role: viewer, authorities: [mian] }');
  const [problem = '', ...others] = problemsOf(`${limited}${ONE}`);
  assert.match(problem, /admin\.oidc\.roles\.Desk\.authorities\[0\]: nothing in `authorities` has this name.*`main`/);
  assert.deepEqual(others, []);
});
