/** Each weak algorithm is off until it is named, and turns on nothing but itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEGACY, type Legacy } from '../../src/cms/algorithms.ts';
import { legacyCounter } from '../../src/enroll/legacy-counter.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { client, clientFor, clock, context, random, registration } from '../kit/pki.ts';
import { accepts, opened, refused, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const small = rsaKey('small', 1024);
const smallCsr = await writeCertificationRequest(REQUEST_PLAN, small);

/** A message that uses this algorithm and no other weak one. */
const MESSAGES: readonly [string, Legacy, Uint8Array][] = [
  ['P02 digest SHA-1', 'sha1', await requestMessage({ digest: 'sha1' })],
  ['E05 content in 3DES', 'des3', await requestMessage({ cipher: 'des-ede3-cbc' })],
  ['E06 content in DES', 'des', await requestMessage({ cipher: 'des-cbc' })],
  ['Q13 signer with RSA-1024', 'rsa1024', await requestMessage({ signer: await clientFor(small) })],
  ['Q13 certificate for RSA-1024', 'rsa1024', await requestMessage({ content: smallCsr })],
];

for (const [what, name, message] of MESSAGES) {
  test(`${what}: refused, and the log says why, unless it is named`, async () => {
    const others = LEGACY.filter((one) => one !== name);
    for (const on of [[], others]) {
      const { header, detail } = await refused(message, 'algorithm_refused', context({ legacy: new Set(on) }));
      assert.equal(detail, `legacy ${name} is off at this endpoint`);
      assert.equal(header.messageType, 'PKCSReq');
    }
  });

  test(`${what}: accepted and named where it is the only one that is on`, async () => {
    const { legacy } = await opened(message, context({ legacy: new Set([name]) }));
    assert.deepEqual(legacy, [name]);
  });
}

test('Q13 RSA-2048 and EC keys on all curves are requested without any of them', async () => {
  for (const key of [client.key, ...['P-256', 'P-384', 'P-521'].map((curve) => ecKey('requested', curve))])
    await accepts(await requestMessage({ content: await writeCertificationRequest(REQUEST_PLAN, key) }));
});

test('Q13 a small key that signs and is requested is one use', async () => {
  const message = await requestMessage({ signer: await clientFor(small), content: smallCsr });
  assert.deepEqual((await opened(message, context({ legacy: new Set(['rsa1024']) }))).legacy, ['rsa1024']);
});

test('E13 a signer with an EC key gets no reply in a legacy cipher, even where the cipher is on', async () => {
  const signer = await clientFor(ecKey('client'));
  const on = context({ legacy: new Set(LEGACY) });
  for (const cipher of ['des-ede3-cbc', 'des-cbc'])
    await refused(await requestMessage({ signer, cipher }), 'algorithm_refused', on);
  await accepts(await requestMessage({ signer, cipher: 'aes-128-cbc' }), on);
});

test('uses are counted by name and endpoint, and are only in the lines of messages with weak algorithms', async () => {
  const on = context({ legacy: new Set(LEGACY) });
  const [plain, old, older] = await Promise.all(
    [{}, { digest: 'sha1' }, { digest: 'sha1', cipher: 'des-cbc' }].map(async (different) =>
      opened(await requestMessage(different as Parameters<typeof requestMessage>[0]), on),
    ),
  );
  const [one, other] = [legacyCounter(), legacyCounter()];
  assert.deepEqual(
    [plain, old, older].map((message) => message!.legacy),
    [[], ['sha1'], ['sha1', 'des']],
  );
  assert.deepEqual(one({}), {});
  assert.deepEqual(one(old!), { legacyUses: { sha1: 1 } });
  assert.deepEqual(one(older!), { legacyUses: { sha1: 2, des: 1 } });
  assert.deepEqual(other(older!), { legacyUses: { sha1: 1, des: 1 } });
});

test('the log line says what was used and how often', async () => {
  const codec = messageCodec({ ra: registration, rules: context({ legacy: new Set(LEGACY) }).rules, clock, random });
  const { service } = await endpointUnderTest(allows('none'), { codec });
  const said = async (message: Uint8Array) => {
    const { outcome, facts } = await service.pkiOperation(message);
    return [outcome, facts['legacy'], facts['legacyUses']];
  };
  assert.deepEqual(await said(await requestMessage()), ['issued', undefined, undefined]);
  assert.deepEqual(await said(await requestMessage({ digest: 'sha1' })), ['repeated', ['sha1'], { sha1: 1 }]);
  const both = await requestMessage({ digest: 'sha1', cipher: 'des-ede3-cbc' });
  assert.deepEqual(await said(both), ['repeated', ['sha1', 'des3'], { sha1: 2, des3: 1 }]);
});
