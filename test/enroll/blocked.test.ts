/** The block list: asked before the policy, for first requests, repeats, polls and renewals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockName } from '../../src/core/records.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { addBlock, blockName, removeBlock } from '../../src/manage/block-list.ts';
import { keyHash } from '../../src/enroll/identify.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { BY_COMMAND, endpointUnderTest, issuedIn, refusalIn, stored, type Under } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';
import { client } from '../kit/pki.ts';
import { CHALLENGE, requestMessage } from '../kit/requests.ts';

const DEVICE = '5f2c01aa-1111-4222-8333-444455556666';
const ENTRA = '0e0e0e0e-1111-4222-8333-444455556666';
const PLAN = {
  subject: nameFromText('CN=Ada,O=Example'),
  extensions: [
    subjectAltName(
      [`uri:IntuneDeviceId://${DEVICE.toUpperCase()}`, `uri:tag:example.com,2026:${ENTRA}`, 'upn:Ada@Example.com'].map(
        generalNameFromText,
      ),
    ),
  ],
};
const CONTENT = await writeCertificationRequest({ ...PLAN, challenge: CHALLENGE }, client.key);
const MESSAGE = await requestMessage({ content: CONTENT });
const KEY = keyHash(readCertificate(client.certificate).spki);

const block = ({ store, clock }: Under, text: string) => addBlock({ store, clock, ...BY_COMMAND }, blockName(text)!);

for (const text of [
  `device:${DEVICE}`,
  `device:{${DEVICE.toUpperCase()}}`,
  `device:${ENTRA}`,
  'user:ADA@example.com',
  'subject:CN=ada, O=EXAMPLE',
  `key:${KEY.toUpperCase()}`,
])
  test(`${text} is refused before the policy, and the log names the entry`, async () => {
    const policy = allows('none');
    const under = await endpointUnderTest(policy);
    await block(under, text);
    const answer = await under.service.pkiOperation(MESSAGE);
    assert.equal(await refusalIn(answer), 'blocked');
    assert.equal(answer.facts['detail'], `the block list has ${blockName(text)}`);
    assert.equal(policy.asked.length, 0);
    assert.deepEqual(await stored(under), []);
    await removeBlock({ store: under.store, clock: under.clock, ...BY_COMMAND }, blockName(text)!);
    await issuedIn(await under.service.pkiOperation(MESSAGE));
  });

/** As documents, chats and keyboards write an id. */
const FULL_WIDTH = DEVICE.replace(/[0-9a-f]/g, (digit) => String.fromCodePoint((digit.codePointAt(0) ?? 0) + 0xfee0));
for (const [what, entry, sent] of [
  ['full-width digits', `device:${FULL_WIDTH}`, `CN=${DEVICE}`],
  ['full-width digits in the request', `device:${DEVICE}`, `CN=${FULL_WIDTH}`],
  ['another hyphen', `device:${DEVICE.replaceAll('-', '\u2011')}`, `CN=${DEVICE}`],
  ['an invisible character', `device:\u200b${DEVICE}`, `CN=${DEVICE}`],
  ['braces and spaces', `device:{ ${DEVICE} }`, `CN=${DEVICE}`],
  ['one brace', `device:{${DEVICE}`, `CN=${DEVICE}`],
  ['quotation marks', `device:"${DEVICE}"`, `CN=${DEVICE}`],
  ['a scheme', `device:IntuneDeviceId://${DEVICE}`, `CN=${DEVICE}`],
  ['no hyphens', `device:${DEVICE.replaceAll('-', '')}`, `CN=${DEVICE}`],
  ['no hyphens in the request', `device:${DEVICE}`, `CN=${DEVICE.replaceAll('-', '')}`],
  ['another id that overlaps it', `device:${DEVICE}`, `CN=aaaaaaaa-aaaa-aaaa-aaaa-aaaa${DEVICE}`],
  ['an accent of its own', 'user:jos\u00e9@example.com', 'CN=jose\u0301@example.com'],
  ['two spaces', 'subject:CN=Ada  Lovelace', 'CN=Ada Lovelace'],
] as const)
  test(`an entry is found in another spelling: ${what}`, async () => {
    const under = await endpointUnderTest(allows('none'));
    await block(under, entry);
    const plan = { subject: nameFromText(sent), extensions: [], challenge: CHALLENGE };
    const content = await writeCertificationRequest(plan, client.key);
    assert.equal(await refusalIn(await under.service.pkiOperation(await requestMessage({ content }))), 'blocked');
  });

test('entries about others keep no device from its certificate', async () => {
  const under = await endpointUnderTest(allows('none'));
  for (const text of [
    `device:${DEVICE.slice(1)}0`,
    'user:ada@example.co',
    'subject:CN=Ada',
    `key:${'0'.repeat(64)}`,
    'serial:01',
  ])
    await block(under, text);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
});

test('a block after the certificate: the same request gets it no more', async () => {
  const under = await endpointUnderTest(allows('none'));
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  await block(under, `device:${DEVICE}`);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'blocked');
});

test('a renewal is blocked by a name that only the certificate has, by its serial number, and by the key that signs', async () => {
  for (const of of [
    () => `device:${DEVICE}`,
    ({ serial }: { serial: string }) => `serial:${serial}`,
    ({ issuerId, serial }: { issuerId: string; serial: string }) => `serial:${issuerId}/00${serial}`,
    () => `key:${KEY}`,
  ]) {
    const under = await endpointUnderTest(allows('none'));
    const certificate = await issuedIn(await under.service.pkiOperation(MESSAGE));
    const signer = { certificate, key: client.key };
    const content = await writeCertificationRequest({ subject: PLAN.subject, extensions: [] }, client.key);
    const renewal = await requestMessage({ content, signer, transactionId: 'renewal' });
    const sender = { ...signer, transactionId: 'renewal' };
    const [first] = await stored(under);
    const name: BlockName | undefined = blockName(of(first!));
    await block(under, name!);
    const answer = await under.service.pkiOperation(renewal);
    assert.equal(await refusalIn(answer, sender), 'blocked');
    await removeBlock({ store: under.store, clock: under.clock, ...BY_COMMAND }, name!);
    await issuedIn(await under.service.pkiOperation(renewal), sender);
  }
});

test('a request that waits for an approval is blocked when the device polls with it again', async () => {
  const under = await endpointUnderTest(allows('none'), { approval: 'manual' });
  assert.equal((await under.service.pkiOperation(MESSAGE)).outcome, 'pending');
  await block(under, `device:${DEVICE}`);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'blocked');
});

test('texts that name nothing', () => {
  for (const text of [
    '',
    'device:',
    'user:ada',
    'key:abc',
    'serial:xyz',
    'cn:ada',
    'toString:x',
    `device:${'a'.repeat(600)}`,
  ])
    assert.equal(blockName(text), undefined, text);
  assert.equal(blockName('serial:0x00:5F:2C:01'), 'serial:5f2c01');
});
