/** Limits of a profile on names: which requests are refused, by the name that does not match. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { authority, issue } from './authority-under-test.ts';

const LIMITS = { subject: 'CN=lab-*', dns: '*.lab.example.com', upn: '*@lab.example.com' };
const limited = authority({ names: LIMITS });
const names = (...texts: string[]) => [subjectAltName(texts.map(generalNameFromText))];

for (const [subject, ...texts] of [
  ['CN=lab-1'],
  ['CN=lab-', 'dns:a.lab.example.com', 'dns:B.LAB.example.com'],
  ['CN=lab-x\\, y', 'upn:ada@lab.example.com', 'uri:urn:a', 'email:b@example.com'],
] as const)
  test(`Q08 within the limits of the profile: ${subject} ${texts.join(' ')}`, async () => {
    assert.ok(await issue({ subject, ...(texts.length > 0 && { extensions: names(...texts) }) }, limited));
  });

const REFUSED: readonly [subject: string, texts: readonly string[], message: string][] = [
  ['CN=admin', [], 'the subject "CN=admin" is not `CN=lab-*`'],
  ['CN=LAB-1', [], 'the subject "CN=LAB-1" is not `CN=lab-*`'],
  ['CN=lab-1,O=Other', [], 'the subject "CN=lab-1,O=Other" is not `CN=lab-*`'],
  ['CN=lab-1+CN=admin', [], 'the subject "CN=admin+CN=lab-1" is not `CN=lab-*`'],
  ['', ['dns:a.lab.example.com'], 'the subject "" is not `CN=lab-*`'],
  ['CN=lab-1', ['dns:a.lab.example.com', 'dns:dc.example.com'], 'the dns "dc.example.com" is not `*.lab.example.com`'],
  ['CN=lab-1', ['dns:a-lab.example.com'], 'the dns "a-lab.example.com" is not `*.lab.example.com`'],
  ['CN=lab-1', ['upn:admin@example.com'], 'the upn "admin@example.com" is not `*@lab.example.com`'],
];
for (const [subject, texts, message] of REFUSED)
  test(`Q08 beyond the limits of the profile: ${subject} ${texts.join(' ')}`, async () => {
    const extensions = texts.length > 0 ? { extensions: names(...texts) } : {};
    await assert.rejects(issue({ subject, ...extensions }, limited), { code: 'subject_refused', message });
  });
