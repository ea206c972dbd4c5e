/** A configuration for others to read: every secret of it is absent, also in the wrong place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactedConfig } from '../../src/config/redacted.ts';
import { allEntries } from '../../src/config/reference.ts';

const NAMES = [
  'secret-of-the-tenant',
  'secret-of-the-hook-of-16',
  'a-passphrase',
  'static-challenge',
  'nested-challenge',
];

const TEXT = `
publicUrl: https://scep.example.com
listen: [{ port: 8080, trustProxy: [loopback] }, { tls: { key: tls.key }, prot: secret-in-the-second-listener }]
admin: { port: 0, token: a-token-of-more-than-16, users: { ada: "$scrypt$secret-hash" } }
authorities:
  issuing: { certificate: ca.pem, key: ca.key.pem, passphrase: a-passphrase }
tenants:
  corp: { tenant: contoso.example, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: secret-of-the-tenant, proxy: "http://ada:proxy%2Fpassword@proxy.example:3128" }
  other: { tenant: o.example, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: "\${env:OTHER}" }
  typo: { tenant: o.example, clientsecret: secret-under-a-wrong-key }
endpoints:
  - { path: /a, policy: { static: static-challenge } }
  - path: /b # secret-in-a-comment
    legacy: [sha1, des3]
    policy:
      allOf:
        - { static: nested-challenge }
        - webhook: { url: "https://hook.example/path-that-is-a-secret", secret: secret-of-the-hook-of-16 }
        - { module: policy.mjs, options: { password: secret-of-the-module, list: [secret-in-a-list] } }
secret-as-a-key: secret-below-it
`;

const redacted = () =>
  redactedConfig({ file: '/etc/openndes.yaml', text: TEXT, env: { OTHER: 'resolved-secret' }, readFile: () => '' });

test('what the table does not mark as secret is shown, and nothing else', () => {
  assert.deepEqual(redacted().values, {
    publicUrl: 'https://scep.example.com',
    listen: [
      { port: 8080, trustProxy: ['loopback'] },
      { tls: { key: 'tls.key' }, '[unknown key 2]': '[withheld]' },
    ],
    admin: { port: 0, token: '[withheld]', users: { ada: '[withheld]' } },
    authorities: { issuing: { certificate: 'ca.pem', key: 'ca.key.pem', passphrase: '[withheld]' } },
    tenants: {
      corp: {
        tenant: 'contoso.example',
        clientId: '00000000-0000-0000-0000-000000000000',
        clientSecret: '[withheld]',
        proxy: '[withheld]',
      },
      other: {
        tenant: 'o.example',
        clientId: '00000000-0000-0000-0000-000000000000',
        clientSecret: '${env:OTHER}',
      },
      typo: { tenant: 'o.example', '[unknown key 2]': '[withheld]' },
    },
    endpoints: [
      { path: '/a', policy: { static: '[withheld]' } },
      {
        path: '/b',
        legacy: ['sha1', 'des3'],
        policy: {
          allOf: [
            { static: '[withheld]' },
            { webhook: { url: 'https://hook.example/[withheld]', secret: '[withheld]' } },
            { module: 'policy.mjs', options: '[withheld]' },
          ],
        },
      },
    ],
    '[unknown key 7]': '[withheld]',
  });
});

test('the secrets are known as they are resolved', () => {
  assert.deepEqual(
    [...redacted().secrets].toSorted(),
    [
      ...NAMES,
      '$scrypt$secret-hash',
      'a-token-of-more-than-16',
      'http://ada:proxy%2Fpassword@proxy.example:3128',
      'proxy%2Fpassword',
      'proxy/password',
      'resolved-secret',
      'secret-in-a-list',
      'secret-of-the-module',
    ].toSorted(),
  );
});

/** A configuration in which nothing but this key is written. */
const at = (path: readonly string[], value: string): unknown =>
  path.reduceRight<unknown>(
    (below, part) => (part === '[]' ? [below] : { [part === '*' ? 'name' : part]: below }),
    value,
  );

test('every key that the table marks as secret is withheld, whatever it is called', () => {
  const rows = allEntries().filter(({ secret }) => secret);
  assert.ok(rows.length > 7);
  for (const { path } of rows) {
    const text = JSON.stringify(at(path, 'the-secret-of-this-key'));
    const { values, secrets } = redactedConfig({ file: '/etc/openndes.yaml', text, env: {}, readFile: () => '' });
    assert.deepEqual(
      [JSON.stringify(values).includes('the-secret'), secrets],
      [false, ['the-secret-of-this-key']],
      text,
    );
  }
});
