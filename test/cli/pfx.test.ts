/** `openndes pfx test`, and what keeps a server with a section `pfx` from starting. */
import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { installed, run } from '../app/installation.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { cngBlob, connectorPem } from '../pfx/connector-forms.ts';
import { USER } from '../pfx/template-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-pfx-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
function written(content: string | Uint8Array): string {
  const path = join(folder, `file-${++count}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const publicHalf = (name: string) => createPublicKey(rsaKey(name).privateKey);
const sha256Of = (name: string): string => hash('sha256', rsaKey(name).spki);
const keyFile = (name: string): string => written(connectorPem(publicHalf(name)));
const connector = { publicKey: keyFile('connector'), sha256: sha256Of('connector'), keyName: 'PFXKey' };
const officers = { alice: keyFile('alice'), bob: keyFile('bob') };
const SUBJECT = 'CN={{UserName}}';
const user = (different: object = {}): string => written(JSON.stringify({ ...USER, ...different }));
const tested = (pfx: object | undefined, file = user(), more: object = {}) =>
  run('pfx', 'test', file, '--config', written(stringify({ ...(pfx && { pfx }), ...more })));
/** What is said of a section that is wrong, without the place in the file. */
const refused = async (pfx: object, file = user(), more: object = {}): Promise<string> => {
  const { code, out, err } = await tested(pfx, file, more);
  assert.deepEqual([code, out], [78, '']);
  const lines = err.split('\n').filter((line) => !line.startsWith('Nothing was started.'));
  return lines.join('. ').replace(/^\S+?:\d+:\d+ /, '');
};

test('a key for a user is described, with connector and officers', async () => {
  const { code, out } = await tested({
    subject: 'CN={{GivenName}} {{SurName}},E={{EmailAddress}}',
    altNames: ['email:{{EmailAddress}}', 'upn:{{UserPrincipalName}}'],
    connector,
    escrow: { officers },
  });
  assert.equal(code, 0);
  assert.equal(
    out,
    `subject: CN=Jane Doe,E=jane.doe@contoso.example
names: email:jane.doe@contoso.example, upn:jane@contoso.example
key: rsa-2048
profile: compat
connector: SHA-256 ${sha256Of('connector')}, PFXKey, Microsoft Software Key Storage Provider
padding: oaepSha512, passwords of at most 126 characters
required: 2 of 2
officers: alice (SHA-256 ${sha256Of('alice')}), bob (SHA-256 ${sha256Of('bob')})`,
  );
});

test('the least section makes names alone', async () => {
  const { out } = await tested({ subject: SUBJECT });
  assert.equal(out, 'subject: CN=jane@contoso.example\nnames: none\nkey: rsa-2048\nprofile: compat');
});

test('a user without a value is refused by the name of the variable', async () => {
  assert.equal(
    await refused({ subject: 'E={{EmailAddress}}' }, user({ mail: null })),
    '{{EmailAddress}} has no value: user.mail is empty. Give the user this value in Entra, or change the template in the section `pfx`.',
  );
});

for (const [what, content, fault] of [
  ['no JSON', 'Jane', 'not JSON'],
  ['a list', '[]', 'not a user as Microsoft Graph shows it'],
  ['null', 'null', 'not a user as Microsoft Graph shows it'],
] as const)
  test(`a file with ${what} is no user`, async () => {
    const file = written(content);
    assert.equal(
      await refused({ subject: SUBJECT }, file),
      `${file}: ${fault}. Give the answer to GET https://graph.microsoft.com/v1.0/users/NAME, JSON.`,
    );
  });

test('a configuration without the section says what is missing', async () => {
  const { code, err } = await tested(undefined, user(), { log: {} });
  assert.equal(code, 78);
  assert.match(err, /has no section `pfx`\ndocs\/pfx\.md says what goes into it\./);
});

const SEE = 'docs/pfx.md has the variables and the form of templates.';
/** A section, and what is said of it. */
const WRONG: readonly (readonly [what: string, section: object, fault: RegExp | string])[] = [
  [
    'an unknown variable',
    { subject: 'CN={{Username2}}' },
    `pfx.subject: {{Username2}}: there is no variable of this name ("CN={{Username2}}"). ${SEE}`,
  ],
  [
    'a variable of devices',
    { subject: 'CN={{DeviceName}}' },
    `pfx.subject: {{DeviceName}} is of a device, and this key is for a person ("CN={{DeviceName}}"). ${SEE}`,
  ],
  [
    'a template without a name',
    { subject: SUBJECT, altNames: ['{{EmailAddress}}'] },
    `pfx.altNames[0]: "{{EmailAddress}}": write email:, upn:, dns: or uri: before the name ("{{EmailAddress}}"). ${SEE}`,
  ],
  [
    'a pin that is none',
    { subject: SUBJECT, connector: { ...connector, sha256: 'abc' } },
    'pfx.connector.sha256: not a SHA-256 in hexadecimal ("abc"). Write it like `sha256: 9f86d0…`.',
  ],
  [
    'another pin',
    { subject: SUBJECT, connector: { ...connector, sha256: sha256Of('other') } },
    `pfx.connector: ${connector.publicKey}: this public key of the connector is not the pinned one: its SHA-256 is ${sha256Of('connector')}. Whoever has the private half opens every password. Compare the value on the machine of the connector, then pin it.`,
  ],
  [
    'no file of a key',
    { subject: SUBJECT, connector: { ...connector, publicKey: join(folder, 'none') } },
    /^pfx\.connector: .*none: there is no such file/,
  ],
  [
    'one officer',
    { subject: SUBJECT, escrow: { officers: { alice: officers.alice } } },
    'pfx.escrow: 2 of 1 recovery officers: at least two must be required, and as many must be there. Name more officers, or require fewer of them; three of whom two are required is usual.',
  ],
  [
    'one officer required',
    { subject: SUBJECT, escrow: { officers, required: 1 } },
    'pfx.escrow.required: not a whole number from 2 to 255 (1). Write it like `required: 2`.',
  ],
  [
    'two officers with one key',
    { subject: SUBJECT, escrow: { officers: { alice: officers.alice, bob: keyFile('alice') } } },
    'pfx.escrow: two recovery officers have the same key. Give each officer a key of their own: nobody may have two shares.',
  ],
  [
    'an officer with an EC key',
    {
      subject: SUBJECT,
      escrow: { officers: { ...officers, carol: written(connectorPem(createPublicKey(ecKey('carol').privateKey))) } },
    },
    /^pfx\.escrow: .*: the key of the recovery officer carol is ec of 256 bits/,
  ],
  [
    'a private key of an officer',
    {
      subject: SUBJECT,
      escrow: {
        officers: { ...officers, carol: written(rsaKey('carol').privateKey.export({ type: 'pkcs8', format: 'pem' })) },
      },
    },
    /it has the private half, which no server may have/,
  ],
];
for (const [what, section, fault] of WRONG)
  test(`the section is refused for ${what}`, async () => {
    const said = await refused(section);
    if (typeof fault === 'string') assert.equal(said, fault);
    else assert.match(said, fault);
  });

test('3DES is refused in FIPS mode', async () => {
  const fips = { required: true, pkcs1KeyTransport: 'allow' };
  assert.equal(
    await refused({ subject: SUBJECT }, user(), { fips }),
    'pfx.profile: the profile `compat` cannot be used with `fips.required`: triple DES may not encrypt since 2024 (SP 800-131A). Write `profile: modern`, and try it on your devices.',
  );
  assert.equal((await tested({ subject: SUBJECT, profile: 'modern' }, user(), { fips })).code, 0);
});

test('a server whose connector has another key than the pinned one does not start, and check says why', async (t) => {
  const blob = written(cngBlob(publicHalf('other')));
  const section = stringify({ pfx: { subject: SUBJECT, connector: { ...connector, publicKey: blob } } });
  const { cli, started } = await installed(t, (config) => `${config}\n${section}`);
  await assert.rejects(started(), { name: 'ConfigError', message: /is not the pinned one: its SHA-256 is/ });
  const { code, err } = await cli('check');
  assert.equal(code, 78);
  assert.match(err, /openndes\.yaml:\d+:\d+ pfx\.connector: .* is not the pinned one/);
});
