/** What every Policy must do: the contract of core/policy.ts as tests, for any implementation to run. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../core/ask.ts';
import type { Decision, Policy } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';

/** A policy with requests about which its decision is known. Give each kind of request at least one. */
export type PolicyCase = {
  name: string;
  /** A policy in its first state. Called for each test. */
  make: () => Policy | Promise<Policy>;
  allowed: readonly EnrollmentRequest[];
  denied: readonly EnrollmentRequest[];
};

/** Declares the contract's tests for one policy. */
export function policyContract({ name, make, allowed, denied }: PolicyCase): void {
  // Each decision is about a copy, so that a policy that changes a request does not change the other tests.
  const decide = async (request: EnrollmentRequest): Promise<Decision> =>
    ask(await make(), structuredClone(request), signal());

  describe(`Policy contract: ${name}`, () => {
    test('has a name for log lines', async () => assert.notEqual((await make()).name, ''));

    for (const [index, request] of allowed.entries())
      test(`allows request ${index + 1} of those it must allow`, async () =>
        assert.equal((await decide(request)).kind, 'allow'));

    for (const [index, request] of denied.entries())
      test(`denies request ${index + 1} of those it must deny, and says why`, async () => {
        const decision = await decide(request);
        assert.equal(decision.kind, 'deny');
        assert.ok(decision.kind === 'deny' && decision.detail !== '');
      });

    test('asks for a notification only when it can notify', async () => {
      const policy = await make();
      for (const request of allowed) {
        const decision = await decide(request);
        if (decision.kind === 'allow' && decision.notify !== 'none') assert.equal(typeof policy.notify, 'function');
      }
    });

    test('S07 reveals no challenge in facts or detail', async () => {
      for (const request of [...allowed, ...denied]) {
        const { challenge = '' } = request.csr;
        if (challenge !== '') assert.ok(!JSON.stringify(publicParts(await decide(request))).includes(challenge));
      }
    });

    test('does not change the request', async () => {
      for (const request of [...allowed, ...denied]) {
        const given = structuredClone(request);
        await ask(await make(), given, signal());
        assert.deepEqual(given, request);
      }
    });

    test('decides concurrent requests independently', async () => {
      const policy = await make();
      const requests = structuredClone([...denied, ...allowed]);
      const decisions = await Promise.all(requests.map((request) => ask(policy, request, signal())));
      const expected = [...denied.map(() => 'deny'), ...allowed.map(() => 'allow')];
      assert.deepEqual(
        decisions.map(({ kind }) => kind),
        expected,
      );
    });
  });
}

/** What goes to the log; `consumes` names a one-time challenge in the store and does not. */
const publicParts = (decision: Decision): unknown[] => [
  decision.facts,
  decision.kind === 'allow' ? undefined : decision.detail,
];

const signal = (): AbortSignal => new AbortController().signal;
