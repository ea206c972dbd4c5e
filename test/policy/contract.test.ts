/** The contract of every policy, for those that need nothing outside the process. */
import { policyContract, sampleRequest } from '../../src/testing-exports.ts';
import { allOf } from '../../src/policy/all-of.ts';
import { anyOf } from '../../src/policy/any-of.ts';
import { oneTimePolicy } from '../../src/policy/one-time.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { fakeClock } from '../../src/testing/fakes.ts';

const withChallenge = (challenge: string | undefined) => sampleRequest({ csr: { challenge } });
const FIRST = 'the first challenge';
const SECOND = 'the second challenge';

policyContract({
  name: 'static',
  make: () => staticPolicy({ challenge: FIRST }),
  allowed: [withChallenge(FIRST)],
  denied: [withChallenge(SECOND), withChallenge(''), withChallenge(undefined)],
});

policyContract({
  name: 'anyOf',
  make: () => anyOf([staticPolicy({ challenge: FIRST }), staticPolicy({ challenge: SECOND })]),
  allowed: [withChallenge(FIRST), withChallenge(SECOND)],
  denied: [withChallenge('another challenge')],
});

policyContract({
  name: 'allOf',
  make: () => allOf([staticPolicy({ challenge: FIRST }), staticPolicy({ challenge: FIRST })]),
  allowed: [withChallenge(FIRST)],
  denied: [withChallenge(SECOND)],
});

policyContract({
  name: 'oneTime',
  make: async () => {
    const clock = fakeClock();
    const store = await openSqliteStore({ path: ':memory:', clock });
    const [createdAt, expiresAt] = [clock(), new Date(clock().getTime() + 1_000)];
    const { endpoint } = sampleRequest();
    await store.addChallenge({ endpoint, password: FIRST, createdAt, expiresAt }, 5);
    return oneTimePolicy({ store, clock });
  },
  allowed: [withChallenge(FIRST)],
  denied: [withChallenge(SECOND), withChallenge(undefined)],
});
