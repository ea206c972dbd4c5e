/** Policies in a configuration file: each kind, combinations at any depth, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksIntune, wantsNotifications, policiesIn } from '../../src/config/policies.ts';
import { AUTHORITIES, FOLDER, load, problemsOf } from './config-under-test.ts';

const TENANTS = 'tenants: { corp: { tenant: a, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: s } }\n';
const text = (policy: string, more = ''): string =>
  `endpoints: [{ policy: ${policy}${more} }]\n${AUTHORITIES}${TENANTS}`;
const policyIn = (policy: string, world = {}) => load(text(policy), world).config.endpoints[0]!.policy;
const HOOK = 'url: https://a.example/x, secret: 0123456789abcdef';

test('a webhook with every default, and with every key', () => {
  assert.deepEqual(policyIn(`{ webhook: { ${HOOK} } }`), {
    kind: 'webhook',
    url: 'https://a.example/x',
    secret: '0123456789abcdef',
    timeout: 10_000,
    notify: 'none',
    onUnreachable: 'pending',
    allowHttp: false,
  });
  const ca = '-----BEGIN CERTIFICATE-----';
  const files = { [`${FOLDER}/ca.pem`]: ca };
  const all = `{ webhook: { url: "http://a.example/x", secret: MDEyMzQ1Njc4OWFiY2RlZg==, stepCaId: id, timeout: 3s, notify: outbox, onUnreachable: fail, trustCa: ca.pem, allowHttp: true } }`;
  assert.deepEqual(policyIn(all, { files }), {
    kind: 'webhook',
    url: 'http://a.example/x',
    secret: 'MDEyMzQ1Njc4OWFiY2RlZg==',
    stepCaId: 'id',
    timeout: 3000,
    notify: 'outbox',
    onUnreachable: 'fail',
    trustCa: ca,
    allowHttp: true,
  });
});

test('a challenge that Windows cannot send is a warning, which does not name its characters', () => {
  const UNSENDABLE =
    "a challenge that Windows cannot send: it has others than letters, digits, spaces and '()+,-./:=?. Make one of these " +
    'characters, for example with `openssl rand -hex 24`, unless no Windows device enrols here.';
  const warningsOf = (policy: string): string[] => load(text(policy)).warnings.map((line) => line.replace(/^\S+ /, ''));
  for (const challenge of ['abc_def_123456', 'S3cret!@#lab', 'Zürich-123456', 'tab\\tin-the-middle'])
    assert.deepEqual(
      warningsOf(`{ static: "${challenge}" }`),
      [`endpoints[0].policy.static: ${UNSENDABLE}`],
      challenge,
    );
  assert.deepEqual(warningsOf('{ oneTime: { single: "abc_def~0123456789" } }'), [
    `endpoints[0].policy.oneTime: ${UNSENDABLE}`,
  ]);
  assert.deepEqual(warningsOf(`{ allOf: [{ static: "abc_def_123456" }] }`), [
    `endpoints[0].policy.allOf[0].static: ${UNSENDABLE}`,
  ]);
  assert.deepEqual(warningsOf(`{ static: "Az09 '()+,-./:=?" }`), []);
  assert.deepEqual(warningsOf('{ oneTime: { single: "abc.def-0123456789" } }'), []);
});

test('a module, its path relative to the file and its options as they are', () => {
  assert.deepEqual(
    policyIn('{ module: ./my.mjs, options: { a: { b: [1] }, secret: "${env:S}" } }', { env: { S: 'x' } }),
    {
      kind: 'module',
      path: `${FOLDER}/my.mjs`,
      options: { a: { b: [1] }, secret: 'x' },
    },
  );
  assert.deepEqual(policyIn('{ module: my.mjs }'), { kind: 'module', path: `${FOLDER}/my.mjs`, options: {} });
});

test('combinations at any depth', () => {
  const policy = policyIn(
    '{ allOf: [{ static: abcdefgh }, { anyOf: [{ allOf: [{ intune: corp }] }, { module: m.mjs }] }] }',
  );
  assert.deepEqual(
    policiesIn(policy).map(({ key, policy: { kind } }) => [key, kind]),
    [
      ['policy', 'allOf'],
      ['policy.allOf.0', 'static'],
      ['policy.allOf.1', 'anyOf'],
      ['policy.allOf.1.anyOf.0', 'allOf'],
      ['policy.allOf.1.anyOf.0.allOf.0', 'intune'],
      ['policy.allOf.1.anyOf.1', 'module'],
    ],
  );
  assert.equal(asksIntune(policy) && wantsNotifications(policy), true);
  assert.equal(asksIntune(policyIn('{ anyOf: [{ static: abcdefgh }] }')), false);
});

const REFUSED: Readonly<Record<string, readonly [policy: string, problem: string]>> = {
  'an empty allOf': [
    '{ allOf: [] }',
    '1:23 endpoints[0].policy: no policy in it, so nothing would be checked. Name at least one policy.',
  ],
  'an empty anyOf': [
    '{ anyOf: [] }',
    '1:23 endpoints[0].policy: no policy in it, so nothing would be checked. Name at least one policy.',
  ],
  'an empty policy inside': [
    '{ allOf: [{}] }',
    '1:33 endpoints[0].policy.allOf[0]: no policy, so nothing would be checked. Name exactly one of `intune`, `static`, `oneTime`, `webhook`, `module`, `allOf`, `anyOf`.',
  ],
  'a misspelt key inside': [
    '{ allOf: [{ static: abcdefgh }, { anyOf: [{ statik: abcdefgh }] }] }',
    '1:67 endpoints[0].policy.allOf[1].anyOf[0].statik: unknown key. Did you mean `static`?',
  ],
  'a wrong value inside': [
    '{ anyOf: [{ static: 12345678 }] }',
    '1:43 endpoints[0].policy.anyOf[0].static: not text. Put the value in quotes.',
  ],
  'an unknown tenant inside': [
    '{ anyOf: [{ intune: crop }] }',
    '1:43 endpoints[0].policy.anyOf[0].intune: no tenant of this file has that name ("crop"). Did you mean `corp`?',
  ],
  'two that want notifications in anyOf': [
    `{ anyOf: [{ intune: corp }, { allOf: [{ webhook: { ${HOOK}, notify: outbox } }] }] }`,
    '1:23 endpoints[0].policy: more than one of these policies wants notifications, and a notification does not tell which of them allowed the request. Give each of them an endpoint of its own, or `notify: none` to a webhook.',
  ],
  'options without a module': [
    '{ static: abcdefgh, options: {} }',
    '1:23 endpoints[0].policy: `options` belongs to `module`. Remove it from this policy.',
  ],
  'plain HTTP to another machine': [
    '{ webhook: { url: "http://a.example/x", secret: 0123456789abcdef } }',
    '1:34 endpoints[0].policy.webhook: plain HTTP to a.example, so challenges could be read on the network. Use https, or set `allowHttp: true` where the network is protected in another way.',
  ],
  'a short secret': [
    '{ webhook: { url: "https://a.example/x", secret: abc-def } }',
    '1:34 endpoints[0].policy.webhook: a secret of fewer than 16 characters can be guessed. Give a long random one, for example from `openssl rand -base64 32`.',
  ],
  'no time for an answer': [
    `{ webhook: { ${HOOK}, timeout: 0 } }`,
    '1:34 endpoints[0].policy.webhook: no time for an answer. Give a `timeout`, for example `10s`.',
  ],
};
for (const [what, [policy, problem]] of Object.entries(REFUSED))
  test(`${what} is refused with its place`, () =>
    assert.deepEqual(problemsOf(text(policy)), [`openndes.yaml:${problem}`]));

const APPROVED: Readonly<Record<string, readonly [policy: string, message: RegExp | undefined]>> = {
  'Intune alone': ['{ intune: corp }', /together with Intune/],
  'Intune inside allOf inside anyOf': ['{ anyOf: [{ static: abcdefgh }, { allOf: [{ intune: corp }] }] }', /Intune/],
  'a webhook that wants notifications': [
    `{ allOf: [{ webhook: { ${HOOK}, notify: outbox } }] }`,
    /a policy that wants notifications/,
  ],
  'a webhook without notifications': [`{ allOf: [{ webhook: { ${HOOK} } }] }`, undefined],
  'a static challenge': ['{ anyOf: [{ static: abcdefgh }] }', undefined],
};
for (const [what, [policy, message]] of Object.entries(APPROVED))
  test(`manual approval with ${what} is ${message ? 'refused' : 'accepted'}`, () => {
    const problems = problemsOf(text(policy, ', approval: manual'));
    assert.equal(problems.length, message ? 1 : 0, problems.join('\n'));
    if (message) assert.match(problems[0]!, message);
  });

test('warnings are found inside combinations too', () => {
  const policy = '{ allOf: [{ intune: corp }, { anyOf: [{ static: abc }] }] }';
  const { warnings } = load(text(policy, ', requireSignerKeyMatch: true'));
  const places = warnings.map((warning) => /^\S+ (\S+):/.exec(warning)?.[1]);
  assert.deepEqual(places.toSorted(), [
    'endpoints[0].policy.allOf',
    'endpoints[0].policy.allOf[1].anyOf[0].static',
    'endpoints[0].requireSignerKeyMatch',
  ]);
});

test('landing: the keyword, the number and the number as text', () => {
  const landing = (value: string) =>
    load(text('{ static: abcdefgh }', `, landing: ${value}`)).config.endpoints[0]!.landing;
  assert.deepEqual(['page', '403', '"403"'].map(landing), ['page', '403', '403']);
  assert.match(problemsOf(text('{ static: abcdefgh }', ', landing: 404')).join(), /not `page` or `403` \(404\)/);
});
