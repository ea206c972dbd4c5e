/** Wrong profiles: a certificate made from each in memory breaks a rule, and the rule is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProfile } from '../../src/ca/assert-profile.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';

const NULL = Uint8Array.of(5, 0);
const fixed = (oid: string, critical = false, value = NULL) => ({ extensions: [{ oid, critical, value }] });
const WITH_RSA = ' (with a key of the kind rsa)';

const BROKEN: readonly [name: string, profile: Partial<Profile>, message: string][] = [
  [
    'usages that no key can have',
    { keyUsage: ['keyEncipherment'], keys: ['p256', 'ml-dsa-65'] },
    'profile: RFC 5280 4.2.1.3: no kind of key in `keys` can have one of the usages in `keyUsage`',
  ],
  [
    'encipherOnly without keyAgreement',
    { keyUsage: ['encipherOnly'], keys: ['p256'] },
    'profile: RFC 5280 4.2.1.3: encipherOnly without keyAgreement has no meaning (with a key of the kind p256)',
  ],
  [
    'a purpose that the usage excludes',
    { keyUsage: ['keyEncipherment'] },
    `profile: RFC 5280 4.2.1.12: no purpose of clientAuth goes with a key usage of keyEncipherment${WITH_RSA}`,
  ],
  [
    'a policy twice',
    { policies: [{ oid: '1.2.3' }, { oid: '1.2.4' }, { oid: '1.2.3' }] },
    `profile: RFC 5280 4.2.1.4: the policy 1.2.3 is named twice${WITH_RSA}`,
  ],
  [
    'a fixed extension that each certificate has',
    fixed('2.5.29.19', true, Uint8Array.of(0x30, 0)),
    `profile: RFC 5280 4.2: the extension 2.5.29.19 is repeated${WITH_RSA}`,
  ],
  [
    'a fixed extension whose value is no DER',
    fixed('1.2.3', false, Uint8Array.of(5, 1)),
    `profile: RFC 5280 4.2: the value of the extension 1.2.3 is not one element of DER${WITH_RSA}`,
  ],
  [
    'a fixed extension with something behind its value',
    fixed('1.2.3', false, Uint8Array.of(5, 0, 5, 0)),
    `profile: RFC 5280 4.2: the value of the extension 1.2.3 is not one element of DER${WITH_RSA}`,
  ],
  [
    'name constraints of a device',
    fixed('2.5.29.30', true),
    `profile: RFC 5280 4.2.1.10: the extension 2.5.29.30 belongs to a CA${WITH_RSA}`,
  ],
  [
    'a pointer that is critical',
    fixed('1.3.6.1.5.5.7.1.11', true),
    `profile: RFC 5280 4.2.2.2: the extension 1.3.6.1.5.5.7.1.11 is critical${WITH_RSA}`,
  ],
  [
    'a URI with a space',
    { crl: ['http://a.example/a list.crl'] },
    `profile: RFC 5280 4.2.1.6: "http://a.example/a list.crl" is no URI of RFC 3986 with its scheme${WITH_RSA}`,
  ],
  [
    'a URI with a placeholder that means nothing',
    { authorityInfoAccess: { ocsp: ['http://a.example/{place}'] } },
    `profile: RFC 5280 4.2.1.6: "http://a.example/{place}" is no URI of RFC 3986 with its scheme${WITH_RSA}`,
  ],
  [
    'a path in place of a URI',
    { authorityInfoAccess: { caIssuers: ['/ca.cer'] } },
    `profile: RFC 5280 4.2.1.6: "/ca.cer" is no URI of RFC 3986 with its scheme${WITH_RSA}`,
  ],
  [
    'an organisation that is too long',
    { subject: { append: `O=${'x'.repeat(65)}` } },
    `profile: RFC 5280 A.1: O of 65 characters, of 64${WITH_RSA}`,
  ],
  [
    'a statement of a policy outside ASCII',
    { policies: [{ oid: '1.2.3', cps: 'http://ä' }] },
    'profile: a certificate cannot be encoded: not an IA5String',
  ],
  [
    'an attribute of a person that is none',
    { directoryAttributes: { gender: 'X' } },
    'profile: a certificate cannot be encoded: "X" is not M or F',
  ],
  [
    'a fixed SID',
    fixed('1.3.6.1.4.1.311.25.2'),
    'profile: extensions names 1.3.6.1.4.1.311.25.2, so that every device could log on as that account',
  ],
  [
    'a fixed subjectAltName',
    fixed('2.5.29.17'),
    'profile: extensions names 2.5.29.17, so that every device would have the same names',
  ],
  [
    'a device that is an OCSP responder',
    { extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] },
    'profile: extendedKeyUsage names ocspSigning, which would let a device sign OCSP responses for all certificates of the CA',
  ],
];
for (const [name, profile, message] of BROKEN)
  test(`refused: ${name}`, () =>
    assert.throws(() => assertProfile({ ...DEFAULT_PROFILE, ...profile }), { name: 'ConfigError', message }));

const RIGHT: readonly [name: string, profile: Partial<Profile>][] = [
  ['the defaults', {}],
  ['encryption alone, for mail', { keyUsage: ['keyEncipherment'], extendedKeyUsage: ['1.3.6.1.5.5.7.3.4'] }],
  [
    'encryption alone, for a purpose that RFC 5280 does not know',
    { keyUsage: ['keyEncipherment'], extendedKeyUsage: ['1.2.3'] },
  ],
  ['agreement', { keys: ['p256'], keyUsage: ['keyAgreement', 'encipherOnly'] }],
  ['an extension of one’s own that is critical', fixed('1.2.3', true)],
  [
    'pointers of several kinds',
    { crl: ['http://a.example:80/%7Ea.crl?b=c', 'ldap:///CN=a,DC=b?certificateRevocationList;binary'] },
  ],
];
for (const [name, profile] of RIGHT) test(`accepted: ${name}`, () => assertProfile({ ...DEFAULT_PROFILE, ...profile }));
