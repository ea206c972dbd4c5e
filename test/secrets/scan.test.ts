/** The scan of `npm run secrets` finds a secret in each form that a log could have it in, and no other line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesWithSecrets } from './scan.ts';

const SECRET = 'p"ss w/rd+12';
const FORMS = {
  'as it is': 'detail p"ss w/rd+12 end',
  'in JSON': '{"detail":"p\\"ss w/rd+12"}',
  'in a URL': 'https://x/?c=p%22ss%20w%2Frd%2B12',
  'in base64': 'YQ cCJzcyB3L3JkKzEy',
  'in hexadecimal digits': '7022737320772f72642b3132',
};

for (const [form, line] of Object.entries(FORMS))
  test(`a secret is found ${form}`, () =>
    assert.deepEqual(linesWithSecrets(['nothing', line], ['other-secret', SECRET]), [{ line: 1, secret: 1 }]));

for (const line of [
  '-----BEGIN EC PRIVATE KEY-----',
  'key MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAMIICWgIBAAKBgQDVtHkzVwIRBR',
  '{"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
  'Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA',
  'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r',
])
  test(`what looks like a key or a token is found: ${line.slice(0, 20)}…`, () =>
    assert.deepEqual(linesWithSecrets([line], []), [{ line: 0, secret: -1 }]));

test('words, ids and certificates are no secrets, and a secret of a few letters is not looked for', () => {
  const lines = ['basic checks of bearer tokens', '-----BEGIN CERTIFICATE-----', '{"id":"7f3a0b"}', 'a short one'];
  assert.deepEqual(linesWithSecrets(lines, ['short']), []);
});
