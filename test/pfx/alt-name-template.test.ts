/** subjectAltName templates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { altNameExtension, parseAltNameTemplate, renderAltNames } from '../../src/pfx/alt-name-template.ts';
import { TemplateError, type TemplateUser } from '../../src/pfx/template-variables.ts';
import { readGeneralNames } from '../../src/pkix/extensions.ts';
import { BELL, DEVICE, RULES, USER } from './template-samples.ts';

/** The names that the templates make, each as its kind and its text. */
function names(templates: readonly string[], user: TemplateUser = USER): string[] {
  const rendered = renderAltNames(templates.map(parseAltNameTemplate), { user, device: DEVICE }, RULES);
  const { value } = altNameExtension(rendered);
  return readGeneralNames(value).map(({ type, text }) => `${type}:${text}`);
}
const fails = (run: () => unknown, message: string): void =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof TemplateError);
    assert.equal(error.message, message);
    return true;
  });

/** Templates as the pages of Microsoft have them, and the names that they make. */
const MADE: readonly (readonly [template: string, name: string])[] = [
  ['upn:{{UserPrincipalName}}', 'otherName:jane@contoso.example'],
  ['email:{{EmailAddress}}', 'email:jane.doe@contoso.example'],
  ['dns:{{FullyQualifiedDomainName}}', 'dns:LAPTOP-1.contoso.example'],
  ['dns:{{DeviceName}}.contoso.example', 'dns:LAPTOP-1.contoso.example'],
  ['uri:{{OnPremisesSecurityIdentifier}}', 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104'],
  ['uri:{{onpremisessecurityidentifier}}', 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104'],
  [
    'uri:tag:microsoft.com,2022-09-14:sid:{{OnPremisesSecurityIdentifier}}',
    'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104',
  ],
  ['uri:IntuneDeviceId://{{DeviceId}}', 'uri:IntuneDeviceId://1d1e'],
  ['email:info@contoso.example', 'email:info@contoso.example'],
];
for (const [template, name] of MADE)
  test(`the template ${template} makes ${name}`, () => {
    assert.deepEqual(names([template]), [name]);
  });

test('names stand in the order of their templates, and the extension is not critical', () => {
  const templates = ['upn:{{UserPrincipalName}}', 'email:{{EmailAddress}}', 'email:second@contoso.example'];
  assert.deepEqual(names(templates), [
    'otherName:jane@contoso.example',
    'email:jane.doe@contoso.example',
    'email:second@contoso.example',
  ]);
  assert.equal(altNameExtension([]).critical, false);
});

const NOT_AFTER = 'a {{ without }}, or one of { } | ; after a variable';
for (const [template, fault] of [
  ['{{EmailAddress}}', '"{{EmailAddress}}": write email:, upn:, dns: or uri: before the name'],
  ['Email:{{EmailAddress}}', '"Email:{{EmailAddress}}": write email:, upn:, dns: or uri: before the name'],
  ['ip:10.0.0.1', '"ip:10.0.0.1": write email:, upn:, dns: or uri: before the name'],
  ['email:', '"email:": write email:, upn:, dns: or uri: before the name'],
  ['email:{{Mail}}', '{{Mail}}: there is no variable of this name'],
  ['email:{{EmailAddress', `"email:{{EmailAddress": ${NOT_AFTER}`],
  ['email:EmailAddress}}', `"email:EmailAddress}}": ${NOT_AFTER}`],
  ...['{', '}', '|', ';'].map(
    (sign) => [`uri:a://{{DeviceId}}${sign}b`, `"uri:a://{{DeviceId}}${sign}b": ${NOT_AFTER}`] as const,
  ),
] as const)
  test(`the template ${template} is refused`, () => {
    fails(() => parseAltNameTemplate(template), fault);
  });

test('a missing value fails by the name of its variable', () => {
  fails(() => names(['email:{{EmailAddress}}'], {}), '{{EmailAddress}} has no value: user.mail is empty');
  fails(
    () => names(['uri:{{OnPremisesSecurityIdentifier}}'], { ...USER, onPremisesSecurityIdentifier: null }),
    '{{OnPremisesSecurityIdentifier}} has no value: user.onPremisesSecurityIdentifier is empty',
  );
});

const OUTSIDE = 'the value is outside ASCII, and mail programs and others read no such name';
for (const [template, mail, fault] of [
  ['email:{{EmailAddress}}', 'jäne@contoso.example', OUTSIDE],
  ['email:{{EmailAddress}}', 'jane@büro.example', OUTSIDE],
  ['email:{{EmailAddress}}', `jane@contoso.example${BELL}`, OUTSIDE],
  ['email:{{EmailAddress}}', 'jane', 'the value has a text that is no e-mail address'],
  ['email:{{EmailAddress}}', 'jane@a.example,bob@b.example', 'the value has a text that is no e-mail address'],
  ['email:{{EmailAddress}}', 'Jane <jane@contoso.example>', 'the value has a text that is no e-mail address'],
  ['dns:{{EmailAddress}}', 'a b', 'the value has a text that is no host name'],
  ['uri:{{EmailAddress}}', 'no scheme', 'the value has a text that is no URI'],
  ['upn:{{EmailAddress}}', `jane${BELL}`, 'the value has control characters'],
] as const)
  test(`${template} is refused for ${JSON.stringify(mail)}, which is not in the error`, () => {
    fails(() => names([template], { ...USER, mail }), `${template}: ${fault}`);
  });

test('a value with an umlaut is a principal name as it is', () => {
  assert.deepEqual(names(['upn:{{UserPrincipalName}}'], { userPrincipalName: 'jäne@büro.example' }), [
    'otherName:jäne@büro.example',
  ]);
});

test('whatever the value, there is one name of the kind of the template, or none at all', () => {
  const part = fc.oneof(
    fc.constantFrom('email:', 'upn:', 'dns:', ',', ';', '{{UserName}}', '@', 'a.example'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('email', 'dns', 'uri', 'upn'),
      fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
      (kind, mail) => {
        try {
          const made = names([`${kind}:{{EmailAddress}}`], { ...USER, mail });
          assert.deepEqual(made, [`${kind === 'upn' ? 'otherName' : kind}:${mail}`]);
        } catch (error) {
          assert.ok(error instanceof TemplateError, String(error));
        }
      },
    ),
    { numRuns: 5000 },
  );
});
