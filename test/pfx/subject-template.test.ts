/** Subject templates: what they are read as, and that no value becomes a part of a name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { nameText, readName } from '../../src/pkix/name.ts';
import { parseSubjectTemplate, renderSubject } from '../../src/pfx/subject-template.ts';
import {
  filledIn,
  TEMPLATE_VARIABLES,
  TemplateError,
  type TemplateValues,
  variablePiece,
} from '../../src/pfx/template-variables.ts';
import { BELL, DEVICE, RULES, USER } from './template-samples.ts';

const values: TemplateValues = { user: USER, device: DEVICE };
const subject = (template: string, different: Partial<typeof RULES> = {}, from = values): string =>
  nameText(renderSubject(parseSubjectTemplate(template), from, { ...RULES, ...different }));
/** The subject for a user with this name. */
const named = (template: string, displayed: string) =>
  readName(renderSubject(parseSubjectTemplate(template), { user: { ...USER, userPrincipalName: displayed } }, RULES));
const fails = (run: () => unknown, message: string | RegExp): void =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof TemplateError);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });

/** Every variable of Intune with each of its other names, and the value for the samples. */
const VALUES: Readonly<Record<string, string>> = {
  UserName: 'jane@contoso.example',
  UserPrincipalName: 'jane@contoso.example',
  EmailAddress: 'jane.doe@contoso.example',
  GivenName: 'Jane',
  SurName: 'Doe',
  Department: 'R&D',
  OnPrem_Distinguished_Name: 'CN=Jane Doe,OU=Staff,DC=contoso,DC=example',
  onPremisesSamAccountName: 'jdoe',
  OnPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1104',
  AAD_Device_ID: '0d0e',
  AzureADDeviceId: '0d0e',
  DeviceId: '1d1e',
  SerialNumber: 'C02X',
  Device_Serial: 'C02X',
  IMEI: '356938035643809',
  Device_IMEI: '356938035643809',
  IMEINumber: '356938035643809',
  MEID: 'A10000009296F2',
  WiFiMacAddress: '001122334455',
  DeviceName: 'LAPTOP-1',
  FullyQualifiedDomainName: 'LAPTOP-1.contoso.example',
};

test('every variable is in the list of expected values', () => {
  assert.deepEqual(TEMPLATE_VARIABLES.toSorted(), Object.keys(VALUES).toSorted());
});

for (const [name, value] of Object.entries(VALUES))
  test(`{{${name}}} has its value in any letter case`, () => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()])
      assert.equal(filledIn([variablePiece(spelled)], values, RULES), value);
  });

const EMPTY: readonly (readonly [what: string, user: Record<string, undefined>, device?: Record<string, undefined>])[] =
  [
    ['nothing', {}],
    ['null and empty texts', Object.fromEntries(Object.keys(USER).map((key) => [key, undefined])), {}],
  ];
for (const [what, user, device] of EMPTY)
  for (const name of Object.keys(VALUES))
    test(`{{${name}}} fails by its name when there is ${what}`, () => {
      fails(
        () => filledIn([variablePiece(name)], { user, ...(device && { device }) }, RULES),
        new RegExp(`^\\{\\{${name}\\}\\} has no value: (user|managedDevice)\\.`),
      );
    });

test('a value that is null, or a text of no characters, is missing', () => {
  for (const mail of [null, '', undefined])
    fails(
      () => subject('E={{EmailAddress}}', {}, { user: { mail }, device: DEVICE }),
      '{{EmailAddress}} has no value: user.mail is empty',
    );
});

for (const name of ['Username2', '', ' UserName', 'mail', 'constructor'])
  test(`the unknown variable {{${name}}} fails by its name`, () => {
    fails(() => parseSubjectTemplate(`CN={{${name}}}`), `{{${name}}}: there is no variable of this name`);
  });

test('{{UserName}} is the principal name or what is before its @, and the account name has a domain, as the rules say', () => {
  assert.equal(subject('CN={{UserName}}', { userName: 'local' }), 'CN=jane');
  assert.equal(subject('CN={{onPremisesSamAccountName}}', { domainName: true }), 'CN=contoso.example\\\\jdoe');
  fails(
    () =>
      subject(
        'CN={{onPremisesSamAccountName}}',
        { domainName: true },
        { user: { onPremisesSamAccountName: 'jdoe' }, device: DEVICE },
      ),
    '{{onPremisesSamAccountName}} has no value: user.onPremisesSamAccountName (and onPremisesDomainName) is empty',
  );
});

/** A template, and the name that it makes, RFC 4514. */
const READ: readonly (readonly [template: string, name: string])[] = [
  ['CN={{UserName}},E={{EmailAddress}}', 'CN=jane@contoso.example,E=jane.doe@contoso.example'],
  ['CN={{AAD_Device_ID}}', 'CN=0d0e'],
  [
    'cn = {{GivenName}} {{SurName}} ; OU = Staff ; O = Contoso ; L=Köln;S=NRW;C=DE',
    'CN=Jane Doe,OU=Staff,O=Contoso,L=Köln,ST=NRW,C=DE',
  ],
  ['CN={{OnPrem_Distinguished_Name}}', 'CN=CN\\=Jane Doe\\,OU\\=Staff\\,DC\\=contoso\\,DC\\=example'],
  ['CN="{{OnPrem_Distinguished_Name}}"', 'CN=CN\\=Jane Doe\\,OU\\=Staff\\,DC\\=contoso\\,DC\\=example'],
  ['CN="Test User (TestCompany, LLC)"', 'CN=Test User (TestCompany\\, LLC)'],
  ['CN=Test User (TestCompany\\, LLC)', 'CN=Test User (TestCompany\\, LLC)'],
  ['CN=Test User (TestCompany\\2C LLC)', 'CN=Test User (TestCompany\\, LLC)'],
  ['CN="a ""b"" c"', 'CN=a \\"b\\" c'],
  ['CN="a \\"b\\" c"', 'CN=a \\"b\\" c'],
  ['CN=a \\"b\\" c', 'CN=a \\"b\\" c'],
  ['CN=" a "', 'CN=\\ a\\ '],
  ['CN=\\ a\\ ', 'CN=\\ a\\ '],
  ['CN=\\c3\\bc', 'CN=ü'],
  ['CN=\\{\\{UserName\\}\\}', 'CN={{UserName}}'],
  ['CN=a=b', 'CN=a\\=b'],
  ['CN=DOMAIN\\\\{{onPremisesSamAccountName}}', 'CN=DOMAIN\\\\jdoe'],
  ['CN={{GivenName}}+SN={{SurName}},O=Contoso', 'SN=Doe+CN=Jane,O=Contoso'],
  ['1.2.3.4={{GivenName}},O=Contoso', '1.2.3.4=Jane,O=Contoso'],
  ['emailAddress={{EmailAddress}}', 'E=jane.doe@contoso.example'],
];
for (const [template, name] of READ)
  test(`the template ${template} makes ${name}`, () => {
    assert.equal(subject(template), name);
  });

test('the last RDN of a template is the first one of the name, and each value has the string type of its attribute', () => {
  const der = renderSubject(parseSubjectTemplate('CN={{GivenName}},E={{EmailAddress}},C=DE'), values, RULES);
  const types = readName(der).map(([each]) => [each?.type, each?.value[0]]);
  assert.deepEqual(types, [
    ['2.5.4.6', 0x13],
    ['1.2.840.113549.1.9.1', 0x16],
    ['2.5.4.3', 0x0c],
  ]);
});

/** A template that is refused, and what is said of it. */
const REFUSED: readonly (readonly [template: string, fault: string])[] = [
  ['', 'no known attribute at character 1: ""'],
  ['Jane', 'no known attribute at character 1: "Jane"'],
  ['XX=Jane', 'no known attribute at character 1: "XX=Jane"'],
  ['CN=', 'an attribute without a value at character 1: "CN="'],
  ['CN=""', 'an attribute without a value at character 1: "CN=\\"\\""'],
  ['CN=a,', 'no known attribute at character 6: ""'],
  ['CN=a,,O=b', 'no known attribute at character 6: ",O=b"'],
  ['CN={{UserName}}+', 'no known attribute at character 17: ""'],
  ['CN="a', 'a value whose quotes are not closed at character 6: ""'],
  ['CN="a"b', 'something unexpected at character 7: "b"'],
  ['CN=a"b"', 'something unexpected at character 5: "\\"b\\""'],
  ['CN={{UserName', 'a {{ without }} at character 4: "{{UserName"'],
  ['CN="{{UserName"', 'a {{ without }} at character 5: "{{UserName\\""'],
  ['CN=UserName}}', 'a }} without {{ at character 14: ""'],
  ['CN=DOMAIN\\user', 'a backslash before no special character (two stand for one) at character 10: "\\\\user"'],
  ['CN=a\\', 'a backslash before no special character (two stand for one) at character 5: "\\\\"'],
  ['CN=#0401ff', 'a # that begins a value and has no backslash at character 4: "#0401ff"'],
];
for (const [template, fault] of REFUSED)
  test(`the template ${JSON.stringify(template)} is refused`, () => {
    fails(() => parseSubjectTemplate(template), `the subject template has ${fault}`);
  });

test('octets that are not UTF-8 are refused', () => {
  fails(() => parseSubjectTemplate('CN=\\ff\\fe'), 'the subject template has octets that are not UTF-8: fffe');
});

/** Values with characters that mean something in a name, in a template or to a program. */
const DIFFICULT = [
  ...'+;,=\\"<>#'.split('').map((character) => `a${character}b`),
  ...'+;,=\\"<>#'.split(''),
  ' Jane',
  'Jane ',
  '  Jane  ',
  '#Jane',
  'Jäne Dö',
  'Jane \u{1f600}',
  'CN=Jane Doe,OU=Staff,DC=contoso,DC=example',
  'Jane,O=Evil',
  'Jane+UID=root',
  'Test User (TestCompany, LLC)',
  '{{EmailAddress}}',
  'a {{ b',
  '"},{"',
];
for (const value of DIFFICULT)
  for (const template of ['CN={{UserName}},O=Contoso', 'CN="{{UserName}}",O=Contoso'])
    test(`the value ${JSON.stringify(value)} is one CN with exactly that text: ${template}`, () => {
      const name = named(template, value);
      assert.deepEqual(
        name.map((rdn) => rdn.map(({ type, text }) => [type, text])),
        [[['2.5.4.10', 'Contoso']], [['2.5.4.3', value]]],
      );
    });

const TEMPLATES = [
  'CN={{UserName}},O=Contoso',
  'CN="{{UserName}}";O="Contoso"',
  'CN=x {{UserName}} y,O=Contoso',
  'CN="x, {{UserName}}",O=Contoso',
];
const unit = fc.oneof(
  fc.constantFrom(...'+;,=\\"<>#{} \t/:@\'|'.split(''), '{{', '}}', '{{UserName}}', ',CN=', '\\,', '""', '\r\n'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const value = fc.array(unit, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));

test('with ten thousand values a template makes two RDNs and the value as it is, or is refused without it', () => {
  let made = 0;
  fc.assert(
    fc.property(fc.constantFrom(...TEMPLATES), value, (template, text) => {
      try {
        const name = named(template, text);
        assert.deepEqual(
          name.map((rdn) => rdn.length),
          [1, 1],
        );
        assert.equal(name[0]?.[0]?.text, 'Contoso');
        const [before = '', after = ''] = template.replace(/^CN="?|"?[,;]O=.*$/g, '').split('{{UserName}}');
        assert.equal(name[1]?.[0]?.text, before + text + after);
        made++;
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
        assert.match(
          error.message,
          /^CN=(x |x, )?\{\{UserName\}\}( y)?: (control characters|half a character|no text|\d+ characters)/,
        );
      }
    }),
    { numRuns: 10_000 },
  );
  assert.ok(made > 2000, String(made));
});

test('any template is refused, or has as many RDNs with difficult values as with plain ones', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'CNO=,;+\\"# a'.split(''), '{{UserName}}', 'CN=', ',O='),
    maxLength: 9,
  });
  fc.assert(
    fc.property(text, (template) => {
      try {
        assert.equal(named(template, 'a,b+c"').length, named(template, 'plain').length);
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
      }
    }),
    { numRuns: 10_000 },
  );
});

/** Lengths at the bounds of X.520: the attribute, what still passes, and the rule that is broken by one more. */
for (const [attribute, bound] of [
  ['CN', 64],
  ['O', 64],
  ['OU', 64],
  ['serialNumber', 64],
  ['L', 128],
  ['E', 255],
] as const)
  test(`${attribute} takes ${bound} characters, and one more only with longNames`, () => {
    const template = parseSubjectTemplate(`${attribute}={{UserName}}`);
    const of = (length: number, longNames: boolean) =>
      renderSubject(template, { user: { userPrincipalName: 'x'.repeat(length) } }, { ...RULES, longNames });
    assert.equal(readName(of(bound, false))[0]?.[0]?.text.length, bound);
    fails(() => of(bound + 1, false), `${attribute}={{UserName}}: ${bound + 1} characters, and X.520 allows ${bound}`);
    assert.equal(readName(of(bound + 1, true))[0]?.[0]?.text.length, bound + 1);
    fails(() => of(1025, true), `${attribute}={{UserName}}: more than 1024 characters`);
  });

test('64 characters are counted as characters, not as halves', () => {
  assert.equal(named('CN={{UserName}}', '\u{1f600}'.repeat(64)).length, 1);
  fails(() => named('CN={{UserName}}', '\u{1f600}'.repeat(65)), 'CN={{UserName}}: 65 characters, and X.520 allows 64');
});

for (const [template, fault] of [
  ['C=DEU', 'C=DEU: a country has two letters'],
  ['C=D1', 'C=D1: a country has two letters'],
  ['E={{UserName}}', 'E={{UserName}}: it is outside ASCII'],
  ['DC={{UserName}}', 'DC={{UserName}}: it is outside ASCII'],
  ['CN=a+CN=a', 'the subject has the same attribute with the same value twice in one RDN'],
] as const)
  test(`the template ${template} is refused for a name with an umlaut`, () => {
    fails(() => named(template, 'jäne@contoso.example'), fault);
  });

for (const [what, text] of [
  ['control characters', `Jane${BELL}`],
  ['no text', '   '],
] as const)
  test(`a value is refused for ${what}, and is not in the error`, () => {
    fails(() => named('CN={{UserName}}', text), `CN={{UserName}}: ${what}`);
  });
