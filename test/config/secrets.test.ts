/** No secret is in an error or a warning, also when it is written in the wrong place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allEntries } from '../../src/config/reference.ts';
import { AUTHORITIES, ENDPOINTS, FOLDER, load, problemsOf } from './config-under-test.ts';

const SECRET = 'hunter2hunter2';
const CORP = 'tenant: a, clientId: 00000000-0000-0000-0000-000000000000';
const endpoint = (keys: string): string => `${AUTHORITIES}endpoints: [{ ${keys} }]`;
const tenant = (keys: string): string => `${AUTHORITIES}${ENDPOINTS}tenants: { corp: { ${CORP}, ${keys} } }`;

/** Ways to get a secret wrong. Each is refused. */
const MISTAKES: Readonly<Record<string, string>> = {
  'no space after the colon': endpoint(`policy: {static:${SECRET}}`),
  'no space after the colon, in a block': `${AUTHORITIES}endpoints:\n  - policy:\n      static:${SECRET}\n`,
  'no space and a key after it': `${AUTHORITIES}endpoints:\n  - policy:\n      static:${SECRET}\n      notify: strict\n`,
  'no key at all': endpoint(`policy: {${SECRET}}`),
  'text in place of the mapping': endpoint(`policy: "static: ${SECRET}"`),
  'secret in place of the mapping': endpoint(`policy: ${SECRET}`),
  'list in place of the secret': endpoint(`policy: { static: [${SECRET}] }`),
  'mapping in place of the secret': endpoint(`policy: { static: { ${SECRET}: 1 } }`),
  'two policies': endpoint(`policy: { static: ${SECRET}, intune: corp }`),
  'right secret, wrong neighbour': endpoint(`policy: { static: ${SECRET}, notify: loud }`),
  'client secret with an equals sign': tenant(`clientSecret=${SECRET}`),
  'client secret in a list': tenant(`clientSecret: [${SECRET}]`),
  'client secret with an unknown tag': tenant(`clientSecret: !${SECRET}`),
  'client secret that looks like an alias': tenant(`clientSecret: *${SECRET}`),
  'client secret with an open quote': tenant(`clientSecret: "${SECRET}`),
  'client secret that begins with @': tenant(`clientSecret: @${SECRET}`),
  'client secret with a colon': `${AUTHORITIES}${ENDPOINTS}tenants:\n  corp:\n    clientSecret: a: ${SECRET}\n`,
  'client secret with a stray reference': tenant(`clientSecret: "a\${${SECRET}}"`),
  'passphrase in a list': `${ENDPOINTS}authorities: { a: { certificate: a, key: b, passphrase: [${SECRET}] } }`,
  'password of a proxy': tenant(`clientSecret: s, proxy: "socks://user:${SECRET}@proxy"`),
  'password of a database': `${AUTHORITIES}${ENDPOINTS}store: postgres://user:${SECRET}@host/openndes?sslmode=require`,
  'password of a database of another kind': `${AUTHORITIES}${ENDPOINTS}store: mysql://user:${SECRET}@host/openndes`,
  'secret as a name': `${AUTHORITIES}${ENDPOINTS}tenants: { "clientSecret: ${SECRET}": {} }`,
};

for (const [title, text] of Object.entries(MISTAKES))
  test(`never printed: ${title}`, () => {
    const problems = problemsOf(text);
    assert.ok(problems.length > 0, 'was accepted');
    assert.ok(!problems.join('\n').includes(SECRET), problems.join('\n'));
  });

test('never printed: a value from a variable or a file, for any key', () => {
  for (const value of ['${env:SECRET}', '${file:secret}'])
    for (const keys of [`path: "${value}"`, `authority: "${value}"`, `retention: "${value}"`, `legacy: ["${value}"]`]) {
      const problems = problemsOf(endpoint(`${keys}, policy: { static: abcdefgh }`), {
        env: { SECRET },
        files: { [`${FOLDER}/secret`]: SECRET },
      });
      assert.equal(problems.length, 1, keys);
      assert.ok(!problems.join().includes(SECRET), problems.join());
    }
});

test('never printed: two paths from a variable that are the same', () => {
  const one = `{ path: "/\${env:SECRET}", policy: { static: abcdefgh } }`;
  const problems = problemsOf(`${AUTHORITIES}endpoints: [${one}, ${one}]`, { env: { SECRET } });
  assert.equal(problems.length, 1);
  assert.ok(!problems.join().includes(SECRET), problems.join());
});

test('never printed: a value from a variable that an alias repeats', () => {
  const text = `${AUTHORITIES}endpoints: [{ policy: { static: &s "\${env:SECRET}" }, retention: *s }]`;
  const problems = problemsOf(text, { env: { SECRET } });
  assert.equal(problems.length, 1);
  assert.ok(!problems.join().includes(SECRET), problems.join());
});

test('a warning about a challenge does not contain it', () => {
  const { warnings } = load(endpoint('policy: { static: s3cr3t }'));
  assert.equal(warnings.length, 1);
  assert.ok(!warnings.join().includes('s3cr3t'));
});

test('every key with the name of a secret is marked as one', () => {
  const sounding = allEntries().filter(({ path }) =>
    /secret|passphrase|password|token$|^static$/i.test(path.at(-1) ?? ''),
  );
  assert.ok(sounding.length >= 5);
  for (const { path, secret } of sounding) assert.ok(secret, path.join('.'));
});
