/** Extensions that a profile can add: their octets, written out, and how other readers understand them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Extension } from '../../src/core/request.ts';
import {
  certificatePolicies,
  microsoftSid,
  microsoftTemplate,
  subjectDirectoryAttributes,
  tlsFeature,
} from '../../src/pkix/extra-extensions.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const EXTENSIONS: readonly [name: string, extension: Extension, oid: string, value: string][] = [
  ['a policy', certificatePolicies([{ oid: '1.2.3' }]), '2.5.29.32', '3006300406022a03'],
  [
    'a policy with its statement',
    certificatePolicies([{ oid: '1.2.3', cps: 'http://a' }]),
    '2.5.29.32',
    '301e301c06022a033016301406082b060105050702011608687474703a2f2f61',
  ],
  ['a template by name', microsoftTemplate({ name: 'VPN' }), '1.3.6.1.4.1.311.20.2', '1e0600560050004e'],
  [
    'a template by OID',
    microsoftTemplate({ oid: '1.3.6.1.4.1.311.21.8.1', major: 100, minor: 3 }),
    '1.3.6.1.4.1.311.21.7',
    '3012060a2b060104018237150801020164020103',
  ],
  ['OCSP must-staple', tlsFeature(['statusRequest']), '1.3.6.1.5.5.7.1.24', '3003020105'],
  ['both features', tlsFeature(['statusRequest', 'statusRequestV2']), '1.3.6.1.5.5.7.1.24', '3006020105020111'],
  [
    'a citizenship',
    subjectDirectoryAttributes({ countryOfCitizenship: 'DE' }),
    '2.5.29.9',
    '3012301006082b06010505070904310413024445',
  ],
  [
    'a day of birth',
    subjectDirectoryAttributes({ dateOfBirth: '1990-12-31' }),
    '2.5.29.9',
    '301f301d06082b060105050709013111180f31393930313233313132303030305a',
  ],
  [
    'a SID, as AD CS writes it',
    microsoftSid('S-1-5-21-1-2-3-500'),
    '1.3.6.1.4.1.311.25.2',
    '3024a022060a2b060104018237190201a0140412' + Buffer.from('S-1-5-21-1-2-3-500').toString('hex'),
  ],
];
for (const [name, extension, oid, value] of EXTENSIONS)
  test(`${name} is written`, () =>
    assert.deepEqual([extension.oid, extension.critical, hex(extension.value)], [oid, false, value]));

test('pkijs reads the policies and the SID', () => {
  const { value } = certificatePolicies([{ oid: '1.2.3', cps: 'http://a' }, { oid: '1.2.4' }]);
  const policies = new pkijs.CertificatePolicies({ schema: asn1js.fromBER(value).result });
  assert.deepEqual(
    policies.certificatePolicies.map(({ policyIdentifier }) => policyIdentifier),
    ['1.2.3', '1.2.4'],
  );
  const names = new pkijs.GeneralNames({ schema: asn1js.fromBER(microsoftSid('S-1-5-21-1-2-3-500').value).result });
  assert.deepEqual(
    names.names.map(({ type }) => type),
    [0],
  );
});

const REFUSED: readonly [Readonly<Record<string, string>>, string][] = [
  [{ gender: 'X' }, '"X" is not M or F'],
  [{ countryOfResidence: 'DEU' }, '"DEU" is not a country of two letters'],
  [{ dateOfBirth: '1990-02-30' }, '"1990-02-30" is not a day such as 1990-12-31'],
  [{ dateOfBirth: '31.12.1990' }, '"31.12.1990" is not a day such as 1990-12-31'],
  [{ shoeSize: '43' }, 'no attribute has the name "shoeSize"'],
];
for (const [attributes, message] of REFUSED)
  test(`no attribute of a person: ${JSON.stringify(attributes)}`, () =>
    assert.throws(() => subjectDirectoryAttributes(attributes), { message }));
