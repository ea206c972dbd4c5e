/** The enrolment line with Intune and a tenant that records its calls: nothing is issued without its Success. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage } from '../../src/pkix/extensions.ts';
import { intunePolicy } from '../../src/policy/intune.ts';
import { client, clientFor } from '../kit/pki.ts';
import { rsaKey } from '../kit/keys.ts';
import { REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { endpointUnderTest, issuedIn, refusalIn, stored } from '../kit/endpoint-under-test.ts';

type Asked = { transactionId: string; csr: Uint8Array };

/** A tenant that answers Success to every call. */
function agreeableTenant() {
  const asked: Asked[] = [];
  const success = async () => ({ code: 'Success', description: '', clientRequestId: 'id' });
  const policy = intunePolicy({
    client: {
      validateRequest: async (request) => {
        asked.push(request);
        return success();
      },
      successNotification: success,
      failureNotification: success,
      secretEnd: () => Promise.resolve(undefined),
      check: async () => undefined,
      health: () => ({ ok: true, detail: '' }),
      close: async () => undefined,
    },
    notify: 'strict',
    onUnreachable: 'pending',
    // The challenges of the test kit are short.
    precheck: 'off',
  });
  return { policy, asked };
}

const csrWith = (challenge: string | undefined): Promise<Uint8Array> => {
  const { challenge: _left, ...plan } = REQUEST_PLAN;
  return writeCertificationRequest({ ...plan, ...(challenge !== undefined && { challenge }) }, client.key);
};

test('Q02 a challenge of 6 KB: Intune is asked about the request octet for octet, and the transactionID', async () => {
  const { policy, asked } = agreeableTenant();
  const under = await endpointUnderTest(policy);
  const content = await csrWith(Buffer.alloc(4_700, 'challenge').toString('base64'));
  await issuedIn(await under.service.pkiOperation(await requestMessage({ content })));
  assert.deepEqual(
    asked.map(({ transactionId, csr }) => [transactionId, Buffer.from(csr)]),
    [[TRANSACTION_ID, Buffer.from(content)]],
  );
});

for (const messageType of ['PKCSReq', 'RenewalReq'] as const)
  for (const [what, challenge] of [
    ['no challenge', undefined],
    ['an empty challenge', ''],
  ] as const)
    test(`S05 ${messageType} with ${what}: FAILURE, nothing issued, though the tenant would agree`, async () => {
      const { policy, asked } = agreeableTenant();
      const under = await endpointUnderTest(policy);
      const message = await requestMessage({ messageType, content: await csrWith(challenge) });
      assert.equal(await refusalIn(await under.service.pkiOperation(message)), 'challenge_missing');
      assert.deepEqual(asked, []);
      assert.deepEqual(await stored(under), []);
    });

test('S05 a certificate of ours is no challenge: a renewal without one gets FAILURE too', async () => {
  const { policy } = agreeableTenant();
  const under = await endpointUnderTest(policy, { renewal: true });
  const key = rsaKey('client');
  const enrolled = await requestMessage({ content: await csrWith('from Intune'), signer: await clientFor(key) });
  const certificate = await issuedIn(await under.service.pkiOperation(enrolled));
  const signer = { key, certificate };
  const message = await requestMessage({ content: await csrWith(undefined), signer });
  assert.equal(await refusalIn(await under.service.pkiOperation(message)), 'challenge_missing');
  assert.equal((await stored(under)).length, 1);
});

test('Q08 Intune approved a purpose that the profile lacks: FAILURE, no certificate with another one, and Intune is told', async () => {
  const { policy } = agreeableTenant();
  const under = await endpointUnderTest(policy);
  for (const purposes of [['1.3.6.1.4.1.311.10.3.12'], ['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.10.3.12']]) {
    const plan = { ...REQUEST_PLAN, extensions: [extendedKeyUsage(purposes)] };
    const content = await writeCertificationRequest(plan, client.key);
    assert.equal(
      await refusalIn(await under.service.pkiOperation(await requestMessage({ content }))),
      'request_refused',
    );
  }
  assert.deepEqual(await stored(under), []);
  assert.equal(await under.notifications(), 2);
});
