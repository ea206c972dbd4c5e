/** The policy with one configured challenge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { staticPolicy } from '../../src/policy/static.ts';

const decide = (challenge: string | undefined) => {
  const csr = {
    der: Uint8Array.of(),
    subject: Uint8Array.of(),
    subjectText: '',
    spki: Uint8Array.of(),
    key: { type: 'rsa' as const, bits: 2048 },
    challenge,
    extensions: [],
  };
  const request: EnrollmentRequest = {
    endpoint: '/scep',
    transactionId: 'T',
    csr,
    signerSpki: Uint8Array.of(),
    requestKey: '',
  };
  return staticPolicy({ challenge: 'correct horse' }).decide(request, new AbortController().signal);
};

test('the right challenge is allowed, without a notification', async () => {
  assert.deepEqual(await decide('correct horse'), { kind: 'allow', notify: 'none' });
});

for (const [challenge, code] of [
  [undefined, 'challenge_missing'],
  ['', 'challenge_missing'],
  ['wrong', 'challenge_wrong'],
  ['correct horse ', 'challenge_wrong'],
  ['correct hors', 'challenge_wrong'],
  ['Correct horse', 'challenge_wrong'],
] as const)
  test(`${JSON.stringify(challenge)} is ${code}, and neither challenge is in the decision`, async () => {
    const decision = await decide(challenge);
    assert.ok(decision.kind === 'deny' && decision.code === code);
    assert.ok(!decision.detail.includes('horse') && !(challenge && decision.detail.includes(challenge)));
  });

test('an empty configured challenge is refused', () => {
  assert.throws(() => staticPolicy({ challenge: '' }), ConfigError);
});
