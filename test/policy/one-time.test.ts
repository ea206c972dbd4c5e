/** One-time passwords: each is accepted once, at one endpoint, until it expires. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { StoredChallenge } from '../../src/core/records.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { oneTimePolicy } from '../../src/policy/one-time.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const GOOD = '0123456789ABCDEF';

function policyUnderTest(found: Partial<StoredChallenge> = {}) {
  const asked: [string, string][] = [];
  const policy = oneTimePolicy({
    store: {
      async findChallenge(endpoint, password) {
        asked.push([endpoint, password]);
        const known = endpoint === '/scep' && password === GOOD;
        return known ? { id: 'hash', expiresAt: new Date(NOW + 1), used: false, ...found } : undefined;
      },
    },
    clock: () => new Date(NOW),
  });
  const decide = (challenge: string | undefined, endpoint = '/scep'): Promise<Decision> =>
    policy.decide(requestWith(challenge, endpoint), new AbortController().signal);
  return { policy, decide, asked };
}

const SAN = ['dns:a.example', 'upn:ada@example.com'];
const BOUND: Partial<StoredChallenge> = { binding: { subject: 'CN=router-7,O=Example', san: SAN } };
for (const [subjectText, san, kind] of [
  ['CN=router-7,O=Example', SAN, 'allow'],
  ['CN=router-7,O=Example', ['dns:a.example'], 'allow'],
  ['CN=router-7,O=Example', [], 'allow'],
  ['CN=router-8,O=Example', SAN, 'deny'],
  ['CN=Router-7,O=Example', SAN, 'deny'],
  ['CN=router-7', SAN, 'deny'],
  ['', SAN, 'deny'],
  ['CN=router-7,O=Example', ['dns:b.example'], 'deny'],
  ['CN=router-7,O=Example', [...SAN, 'dns:b.example'], 'deny'],
  ['CN=router-7,O=Example', ['email:a.example'], 'deny'],
  ['CN=router-7,O=Example', 'malformed', 'deny'],
] as const)
  test(`a bound password and a request for "${subjectText}" with ${JSON.stringify(san)}: ${kind}`, async () => {
    const altName = san === 'malformed' ? malformed : subjectAltName(san.map(generalNameFromText));
    const { csr, ...request } = requestWith(GOOD, '/scep');
    const asked = { ...request, csr: { ...csr, subjectText, extensions: san.length > 0 ? [altName] : [] } };
    const decision = await policyUnderTest(BOUND).policy.decide(asked, new AbortController().signal);
    assert.equal(decision.kind, kind);
    if (decision.kind === 'deny') assert.equal(decision.code, 'policy_denied');
    else assert.deepEqual(decision, { kind: 'allow', notify: 'none', consumes: 'hash' });
  });

const malformed = { oid: '2.5.29.17', critical: false, value: Uint8Array.of(0x30, 5) };
const requestWith = (challenge: string | undefined, endpoint: string): EnrollmentRequest => ({
  endpoint,
  transactionId: 'T',
  csr: {
    der: Uint8Array.of(),
    subject: Uint8Array.of(),
    subjectText: '',
    spki: Uint8Array.of(),
    key: { type: 'rsa', bits: 2048 },
    challenge,
    extensions: [],
  },
  signerSpki: Uint8Array.of(),
  requestKey: '',
});

test('a password is strong enough to encrypt a reply with it, and a renewal needs none', () => {
  const { policy } = policyUnderTest();
  assert.deepEqual([policy.strongChallenges, policy.decidesRenewals], [true, undefined]);
});

test('a valid password is allowed, and consumed with the decision', async () => {
  const { decide, asked } = policyUnderTest();
  assert.deepEqual(await decide(GOOD), { kind: 'allow', notify: 'none', consumes: 'hash' });
  assert.deepEqual(asked, [['/scep', GOOD]]);
});

for (const challenge of [undefined, ''])
  test(`${JSON.stringify(challenge)} is missing, and nothing is looked up`, async () => {
    const { decide, asked } = policyUnderTest();
    const decision = await decide(challenge);
    assert.ok(decision.kind === 'deny' && decision.code === 'challenge_missing');
    assert.deepEqual(asked, []);
  });

for (const [what, found, code] of [
  ['used', { used: true }, 'challenge_used'],
  ['used and expired', { used: true, expiresAt: new Date(NOW - 1) }, 'challenge_used'],
  ['expired', { expiresAt: new Date(NOW) }, 'challenge_expired'],
] as const)
  test(`a password that is ${what} is ${code}`, async () => {
    const decision = await policyUnderTest(found).decide(GOOD);
    assert.ok(decision.kind === 'deny' && decision.code === code);
    assert.ok(!decision.detail.includes(GOOD));
  });

for (const [challenge, endpoint] of [
  [GOOD, '/scep/other'],
  [GOOD.toLowerCase(), '/scep'],
  [`${GOOD} `, '/scep'],
])
  test(`${JSON.stringify(challenge)} at ${endpoint} is wrong`, async () => {
    const decision = await policyUnderTest().decide(challenge, endpoint);
    assert.ok(decision.kind === 'deny' && decision.code === 'challenge_wrong');
    assert.ok(!decision.detail.includes(GOOD));
  });
