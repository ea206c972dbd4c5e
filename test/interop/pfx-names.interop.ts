/** Subjects that templates make, printed by OpenSSL. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { parseSubjectTemplate, renderSubject } from '../../src/pfx/subject-template.ts';
import { nameText } from '../../src/pkix/name.ts';
import { rsaKey } from '../kit/keys.ts';
import { RULES } from '../pfx/template-samples.ts';
import { certifiedUser } from '../pfx/user-under-test.ts';
import { output } from './kit/children.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-names-'));
after(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, 'certificate.der');
const template = parseSubjectTemplate('CN={{UserName}},O=Contoso,C=DE');

/** What OpenSSL prints of a subject in a form, without the word before it. */
async function printed(subject: Uint8Array, form: string): Promise<string> {
  writeFileSync(FILE, await certifiedUser(rsaKey('user'), subject));
  const text = await output('openssl', ['x509', '-inform', 'DER', '-in', FILE, '-noout', '-subject', '-nameopt', form]);
  return text.replace(/^subject=\n?/, '').replace(/\n$/, '');
}

async function agrees(value: string): Promise<void> {
  const subject = renderSubject(template, { user: { userPrincipalName: value } }, RULES);
  // One line for each RDN, values as they are.
  assert.deepEqual((await printed(subject, 'sep_multiline,sname,utf8')).split('\n'), [
    '    C=DE',
    '    O=Contoso',
    `    CN=${value}`,
  ]);
}

for (const value of [
  'Test User (TestCompany, LLC)',
  'a+b;c,d=e\\f"g<h>i#j',
  '#Jane',
  ' Jane ',
  'Jäne Dö',
  'Jane \u{1f600}',
  'CN=Jane,O=Evil',
  '{{EmailAddress}}',
])
  test(`OpenSSL prints ${JSON.stringify(value)} as one CN`, async () => {
    await agrees(value);
  });

test('OpenSSL escapes a subject of RFC 2253 as we do', async () => {
  const subject = renderSubject(template, { user: { userPrincipalName: '#a+b;c,d\\f"g<h>i ' } }, RULES);
  const ours = nameText(subject);
  assert.equal(ours, 'CN=\\#a\\+b\\;c\\,d\\\\f\\"g\\<h\\>i\\ ,O=Contoso,C=DE');
  assert.equal(await printed(subject, 'RFC2253,-esc_msb,utf8'), ours);
});

const unit = fc.oneof(
  fc.constantFrom(...Array.from('+;,=\\"<>#{} /:@|äß€\u{1f600}')),
  fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
);
const value = fc.string({ unit, minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== '');

test('OpenSSL prints each of 150 values as one CN with exactly that value', async () => {
  await fc.assert(fc.asyncProperty(value, agrees), { numRuns: 150 });
});
