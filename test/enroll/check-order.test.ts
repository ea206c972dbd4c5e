/** A CA elsewhere is not even asked for what the policy has not allowed: it would certify what the request has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issuer, IssuerCapabilities } from '../../src/core/issuer.ts';
import type { Extension } from '../../src/core/request.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { authority, endpointUnderTest, issuedIn } from '../kit/endpoint-under-test.ts';
import { client, NOW } from '../kit/pki.ts';
import { policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

/** The CA of the test PKI as one that other people run. `asked` counts the orders. */
function elsewhere(capabilities: IssuerCapabilities = {}): Issuer & { asked: number } {
  const ca = authority(() => NOW);
  const issuer = {
    asked: 0,
    capabilities,
    issue: (...order: Parameters<Issuer['issue']>) => (issuer.asked++, ca.issue(...order)),
  };
  return issuer;
}

const messageWith = async (...extensions: Extension[]): Promise<Uint8Array> =>
  requestMessage({ content: await writeCertificationRequest({ ...REQUEST_PLAN, extensions }, client.key) });
const SID = 'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500';

for (const [what, extension] of [
  ['a SID as URI', subjectAltName([generalNameFromText(`uri:${SID}`)])],
  ['a SID as extension', { oid: '1.3.6.1.4.1.311.25.2', critical: false, value: Uint8Array.of(0x30, 0) }],
] as const)
  test(`${what} is refused where the policy does not vouch for names, and the CA is not asked`, async () => {
    const issuer = elsewhere();
    const under = await endpointUnderTest(
      policyThat(() => ({ kind: 'allow', notify: 'none' })),
      { issuer },
    );
    const answer = await under.service.pkiOperation(await messageWith(extension));
    assert.deepEqual([answer.facts['code'], issuer.asked], ['subject_refused', 0]);
  });

test('a SID that the policy has compared is ordered', async () => {
  const issuer = elsewhere();
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', vouchesForNames: true }));
  const under = await endpointUnderTest(policy, { issuer });
  await under.service.pkiOperation(await messageWith(subjectAltName([generalNameFromText(`uri:${SID}`)])));
  assert.equal(issuer.asked, 1);
});

test('a certificate that renews itself gets no purpose that it does not have', async () => {
  const issuer = elsewhere();
  const under = await endpointUnderTest(
    policyThat(() => ({ kind: 'allow', notify: 'none' })),
    { issuer },
  );
  const certificate = await issuedIn(await under.service.pkiOperation(await requestMessage()));
  const signer = { certificate, key: client.key };
  const extensions = [extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.3'])];
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, extensions }, client.key);
  const renewal = { messageType: 'RenewalReq', transactionId: 'renewal', signer } as const;
  const answer = await under.service.pkiOperation(await requestMessage({ ...renewal, content }));
  assert.deepEqual([answer.facts['code'], issuer.asked], ['renewal_refused', 1]);
  assert.match(String(answer.facts['detail']), /does not have the extendedKeyUsage codeSigning$/);
  assert.equal((await under.service.pkiOperation(await requestMessage(renewal))).outcome, 'issued');
});
