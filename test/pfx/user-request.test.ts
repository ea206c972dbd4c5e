/** The certification request for a key that was made here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAltNameTemplate, renderAltNames } from '../../src/pfx/alt-name-template.ts';
import { parseSubjectTemplate, renderSubject } from '../../src/pfx/subject-template.ts';
import { userRequest } from '../../src/pfx/user-request.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { RULES, USER } from './template-samples.ts';

const subject = renderSubject(parseSubjectTemplate('CN={{GivenName}} {{SurName}},O=Contoso'), { user: USER }, RULES);
const altNames = renderAltNames([parseAltNameTemplate('email:{{EmailAddress}}')], { user: USER }, RULES);

for (const key of [rsaKey('user'), ecKey('user')])
  test(`the request for an ${key.kind.type} key has its subject, its names and the key, and no challenge`, async () => {
    const request = await userRequest(key, { subject, altNames });
    assert.deepEqual(
      { ...request, der: undefined },
      {
        der: undefined,
        subject,
        subjectText: 'CN=Jane Doe,O=Contoso',
        spki: key.spki,
        key: key.kind,
        challenge: undefined,
        extensions: [
          {
            oid: '2.5.29.17',
            critical: false,
            value: Buffer.from(`301a8118${Buffer.from('jane.doe@contoso.example').toString('hex')}`, 'hex'),
          },
        ],
      },
    );
  });

test('without names there is no subjectAltName', async () => {
  const { extensions } = await userRequest(rsaKey('user'), { subject, altNames: [] });
  assert.deepEqual(extensions, []);
});

test('a key that signs wrongly is noticed', async () => {
  const key = rsaKey('user');
  const wrong = { ...key, sign: () => Buffer.alloc(256, 1) };
  await assert.rejects(userRequest(wrong, { subject, altNames }), {
    message: 'the request is not signed with its own key',
  });
});
