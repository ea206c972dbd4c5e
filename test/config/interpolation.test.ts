/** Environment variables and files in values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { interpolate } from '../../src/config/yaml/interpolate.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { AUTHORITIES, FOLDER, load, problemsOf, type World } from './config-under-test.ts';

const withChallenge = (value: string): string => `${AUTHORITIES}endpoints: [{ policy: { static: "${value}" } }]`;

function challengeOf(value: string, world: World): string | undefined {
  const policy = load(withChallenge(value), world).config.endpoints[0]?.policy;
  return policy?.kind === 'static' ? policy.challenge : undefined;
}

test('variables and files, alone and within text', () => {
  const world = { env: { A: 'one', B: 'two' }, files: { [`${FOLDER}/c.txt`]: 'three' } };
  assert.equal(challengeOf('${env:A}', world), 'one');
  assert.equal(challengeOf('<${env:A}-${env:B}-${file:c.txt}>', world), '<one-two-three>');
});

test('one line break at the end of a file is dropped, and nothing else', () => {
  for (const [content, value] of [
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    [' secret ', ' secret '],
  ] as const)
    assert.equal(challengeOf('${file:/run/secret}', { files: { '/run/secret': content } }), value);
});

test('a byte order mark at the beginning of a file is left out', () => {
  assert.equal(challengeOf('${file:/run/secret}', { files: { '/run/secret': '\ufeffsecret\r\n' } }), 'secret');
});

test('white space around a variable or the text of a file belongs to the value, and is a warning without the value', () => {
  const warningsOf = (value: string, content: string) =>
    load(withChallenge(value), { env: { LAB: content }, files: { [`${FOLDER}/lab.txt`]: content } }).warnings;
  for (const content of ['hunter2hunter2\n\n', ' hunter2hunter2', 'hunter2hunter2\t\n', 'hunter2hunter2\u00a0'])
    for (const [value, where] of [
      ['${env:LAB}', 'the environment variable LAB'],
      ['${file:lab.txt}', 'the file lab.txt'],
    ] as const)
      assert.deepEqual(warningsOf(value, content).slice(0, 1), [
        `${FOLDER}/openndes.yaml:2:33 endpoints[0].policy.static: the text of ${where} begins or ends with white space, ` +
          'which belongs to the value. Remove it, unless it is meant: editors and `echo` add line ends.',
      ]);
  assert.deepEqual(warningsOf('${file:lab.txt}', 'hunter2hunter2\r\n'), []);
});

test('references in an inserted value stay as they are', () => {
  assert.equal(challengeOf('${env:A}', { env: { A: '${env:B}', B: 'no' } }), '${env:B}');
});

test('numbers and truth values may come from variables', () => {
  const text = `${AUTHORITIES}listen: { port: "\${env:PORT}" }
endpoints: [{ policy: { static: abcdefgh }, requireSignerKeyMatch: "\${env:MATCH}" }]`;
  const { config } = load(text, { env: { PORT: '8443', MATCH: 'true' } });
  assert.equal(config.listen.places[0].port, 8443);
  assert.equal(config.endpoints[0]?.requireSignerKeyMatch, true);
});

test('references in keys are not replaced', () => {
  assert.deepEqual(
    problemsOf(`\${env:A}: 1\n${AUTHORITIES}endpoints: [{ policy: { static: abcdefgh } }]`, { env: { A: 'log' } })
      .length,
    1,
  );
});

const REFUSED = {
  '${env:NOPE}': 'the environment variable NOPE is not set. Set it for the process that runs openndes.',
  '${file:nope}':
    'the file nope cannot be read (ENOENT). Paths are relative to the configuration file. Check the path and the rights of the file.',
  '${NOPE}':
    'a `${` that is neither `${env:NAME}` nor `${file:PATH}` nor `${credential:NAME}`. Write one of these, or `$${` for a plain `${`.',
  '${env:}':
    'a `${` that is neither `${env:NAME}` nor `${file:PATH}` nor `${credential:NAME}`. Write one of these, or `$${` for a plain `${`.',
  '${env:OPEN':
    'a `${` that is neither `${env:NAME}` nor `${file:PATH}` nor `${credential:NAME}`. Write one of these, or `$${` for a plain `${`.',
};

for (const [value, problem] of Object.entries(REFUSED))
  test(`refused with its line, and reported once: ${value}`, () =>
    assert.deepEqual(problemsOf(withChallenge(value)), [`openndes.yaml:2:33 endpoints[0].policy.static: ${problem}`]));

test('a reference that cannot be resolved causes one problem, and not a second one for its value', () => {
  const text = `${withChallenge('abcdefgh')}\ntenants: { corp: { tenant: a, clientId: "\${env:NOPE}", clientSecret: s } }`;
  assert.deepEqual(problemsOf(text), [
    'openndes.yaml:3:41 tenants.corp.clientId: the environment variable NOPE is not set. Set it for the process that runs openndes.',
  ]);
});

test('an empty variable makes an empty challenge, which is refused', () => {
  assert.match(problemsOf(withChallenge('${env:EMPTY}'), { env: { EMPTY: '' } }).join(), /an empty challenge/);
});

test('a doubled dollar keeps any text as it is', () => {
  const sources = { env: {}, read: () => assert.fail('read a file') };
  fc.assert(
    fc.property(fc.array(fc.constantFrom('${', '}', '$', 'env:A', 'file:B', '{', 'x')), (parts) => {
      const text = parts.join('');
      assert.equal(interpolate(text.split('${').join('$${'), sources), text);
    }),
  );
});

test('text without a reference is unchanged; a reference that cannot be resolved is a ConfigError', () => {
  const sources = { env: {}, read: () => assert.fail('read a file') };
  assert.equal(interpolate('a $ { b } $5', sources), 'a $ { b } $5');
  assert.throws(() => interpolate('${env:A}', sources), ConfigError);
});
