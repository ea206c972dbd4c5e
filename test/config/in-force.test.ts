/** The settings in force: values, masks and origins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsInForce } from '../../src/config/in-force.ts';
import { loadConfig } from '../../src/config/load.ts';

const TEXT = `
authorities:
  issuing: { certificate: ca.pem, key: "file:ca.key", passphrase: "\${file:words}" }
tenants:
  corp:
    tenant: "\${env:TENANT}"
    clientId: 00000000-0000-0000-0000-000000000000
    clientSecret: "\${credential:intune}"
    proxy: http://ada:canary@proxy.example:3128
endpoints:
  - path: /a
    legacy: [sha1, des3]
    policy: { allOf: [{ intune: corp, notify: outbox }, { module: ./p.mjs, options: { word: canary, more: [1, 2] } }] }
  - { path: /b, policy: { static: canary-challenge } }
`;

const inForce = settingsInForce(
  loadConfig({
    file: '/etc/openndes/openndes.yaml',
    text: TEXT,
    env: { TENANT: 'contoso.example', CREDENTIALS_DIRECTORY: '/run/credentials' },
    readFile: () => 'canary-of-a-file',
  }).document,
);
const of = (...section: (string | number)[]): Record<string, string> =>
  Object.fromEntries(inForce(section).map(({ key, value, from }) => [key, `${value} (${from})`]));

test('a value says where it comes from; a secret is masked whatever its form is', () => {
  const tenant = of('tenants', 'corp');
  assert.equal(tenant['tenant'], 'contoso.example (environment variable TENANT)');
  assert.equal(tenant['clientSecret'], '******** (credential intune)');
  assert.equal(tenant['proxy'], '******** (configuration file)');
  assert.equal(tenant['cloud'], 'public (default)');
  assert.equal(of('authorities', 'issuing')['passphrase'], '******** (file words)');
});

test('a policy within another one has its place, its own defaults, and options that are masked as a whole', () => {
  const endpoint = of('endpoints', 0);
  assert.equal(endpoint['legacy'], 'sha1, des3 (configuration file)');
  assert.equal(endpoint['policy.allOf.0.notify'], 'outbox (configuration file)');
  assert.equal(endpoint['policy.allOf.0.onUnreachable'], 'pending (default)');
  assert.equal(endpoint['policy.allOf.1.options'], '******** (configuration file)');
  assert.equal(endpoint['policy.allOf.1.onUnreachable'], undefined);
  assert.equal(endpoint['policy.onUnreachable'], undefined);
  assert.doesNotMatch(JSON.stringify([endpoint, of('endpoints', 1)]), /canary/);
});

test('a profile that is not written has its defaults', () => {
  const profile = of('profiles', 'device');
  assert.equal(profile['validity'], '365d (default)');
  assert.ok(Object.values(profile).every((each) => each.endsWith('(default)')));
});

test('a value that the table of keys does not know is masked', () => {
  const unknown = settingsInForce({ text: 'x: 1', values: { surprise: { word: 'canary' } } })(['surprise']);
  assert.deepEqual(unknown, [{ key: 'word', value: '********', from: 'configuration file' }]);
});
