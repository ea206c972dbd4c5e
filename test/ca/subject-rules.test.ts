/** Rules of a profile about the subject: which requests are refused, and what is appended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectRules } from '../../src/ca/subject-fault.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { authority, issue } from './authority-under-test.ts';

const RULES: SubjectRules = {
  require: ['CN'],
  forbid: ['OU', '1.2.3.4'],
  values: { CN: 'lab-*', O: 'Contoso' },
  maxLength: 12,
};
const certified = async (subject: string, rules: SubjectRules): Promise<string> =>
  nameText(readCertificate((await issue({ subject }, authority({ subject: rules }))).raw).subject);

for (const subject of ['CN=lab-1', 'CN=lab-1,CN=lab-2,O=Contoso', 'serialNumber=5+CN=lab-1', String.raw`CN=lab-a\,b`])
  test(`within the rules for the subject: ${subject}`, async () =>
    assert.equal(await certified(subject, RULES), subject));

const REFUSED: readonly [subject: string, message: string][] = [
  ['O=Contoso', 'the subject has no CN, which the profile requires'],
  ['CN=lab-1,OU=a', 'the subject has OU, which the profile forbids'],
  ['CN=lab-1+OU=a', 'the subject has OU, which the profile forbids'],
  ['CN=lab-1,1.2.3.4=a', 'the subject has 1.2.3.4, which the profile forbids'],
  ['CN=admin', 'the CN "admin" of the subject is not `lab-*`'],
  ['CN=lab-1,CN=admin', 'the CN "admin" of the subject is not `lab-*`'],
  ['CN=LAB-1', 'the CN "LAB-1" of the subject is not `lab-*`'],
  ['CN=lab-1,O=contoso', 'the O "contoso" of the subject is not `Contoso`'],
  ['CN=lab-123456789', 'the CN of the subject has 13 characters; the profile allows 12'],
  ['CN=lab-1,L=0123456789012', 'the L of the subject has 13 characters; the profile allows 12'],
];
for (const [subject, message] of REFUSED)
  test(`beyond the rules for the subject: ${subject}`, () =>
    assert.rejects(certified(subject, RULES), { code: 'subject_refused', message }));

const FIXED: SubjectRules = { forbid: ['O'], append: 'O=Contoso, C=DE' };
for (const [subject, expected] of [
  ['CN=a', 'CN=a,O=Contoso,C=DE'],
  ['CN=a,DC=b', 'CN=a,DC=b,O=Contoso,C=DE'],
  ['CN=a,O=Contoso,C=DE', 'CN=a,O=Contoso,C=DE'],
  ['O=Contoso,C=DE', 'O=Contoso,C=DE'],
] as const)
  test(`what is appended is there once: ${subject}`, async () =>
    assert.equal(await certified(subject, FIXED), expected));

test('what the client adds before what is appended is judged', () =>
  assert.rejects(certified('CN=a,O=Other,O=Contoso,C=DE', FIXED), {
    code: 'subject_refused',
    message: 'the subject has O, which the profile forbids',
  }));

test('an empty subject has what is appended, and its subjectAltName is not critical', async () => {
  const extensions = [subjectAltName([generalNameFromText('dns:a.example')])];
  const { raw } = await issue({ subject: '', extensions }, authority({ subject: FIXED }));
  const view = readCertificate(raw);
  assert.equal(nameText(view.subject), 'O=Contoso,C=DE');
  assert.equal(findExtension(certificateExtensions(view), OID.subjectAltName)?.critical, false);
});
