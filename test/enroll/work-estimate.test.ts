/** How long the work ahead takes, in literal milliseconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crowd, retryAfter } from '../../src/enroll/retry-after.ts';
import { fits, reservedPart } from '../../src/enroll/shares.ts';
import { workEstimate } from '../../src/enroll/work-estimate.ts';

/** An estimate, and a time that the test moves. */
function measuring(parallelism: number) {
  let at = 1_000_000;
  const estimate = workEstimate({ parallelism, now: () => at });
  const end = (): void => (estimate.rest(), estimate.done());
  return { estimate, end, pass: (ms: number) => void (at += ms) };
}

test('before any work is done, none is expected to take time', () => {
  assert.equal(measuring(1).estimate.timeFor(1_000_000), 0);
});

test('the mean moves by a sixty-fourth to what the last piece took', () => {
  const { estimate, end, pass } = measuring(1);
  const means = [64, 64, 0, 640].map((ms) => {
    estimate.begin();
    pass(ms);
    end();
    return estimate.timeFor(1);
  });
  assert.deepEqual(means, [1, 1.984375, 1.953369140625, 11.922847747802734]);
  assert.equal(estimate.timeFor(1_000), 11_922.847747802734);
});

test('a thousand pieces of two milliseconds: five thousand more take ten seconds on one core, and five on two', () => {
  for (const [parallelism, expected] of [
    [1, 10_000],
    [2, 5_000],
  ] as const) {
    const { estimate, end, pass } = measuring(parallelism);
    for (let piece = 0; piece < 1_000; piece++) {
      estimate.begin();
      pass(2);
      end();
    }
    assert.equal(Math.round(estimate.timeFor(5_000)), expected);
  }
});

test('pieces that take turns on one core are not counted twice', () => {
  const { estimate, end, pass } = measuring(1);
  estimate.begin();
  estimate.begin();
  pass(64);
  end();
  pass(64);
  end();
  assert.equal(estimate.timeFor(1), 1.984375);
});

test('on two cores two pieces are done in the time of one', () => {
  const { estimate, end, pass } = measuring(2);
  estimate.begin();
  estimate.begin();
  pass(64);
  end();
  assert.equal(estimate.timeFor(2), 2);
  end();
  assert.equal(estimate.timeFor(2), 1.96875);
});

test('25 seconds for which a piece waits, and hours without work, are no work', () => {
  const { estimate, end, pass } = measuring(1);
  estimate.begin();
  pass(32);
  estimate.rest();
  pass(25_000);
  assert.equal(estimate.computing, 0);
  estimate.begin();
  pass(32);
  end();
  pass(3_600_000);
  assert.equal(estimate.timeFor(1), 1);
});

test('work that is stuck is noticed before it is done', () => {
  const { estimate, end, pass } = measuring(1);
  for (let piece = 0; piece < 2_000; piece++) {
    estimate.begin();
    pass(2);
    end();
  }
  estimate.begin();
  pass(6_402);
  assert.equal(Math.round(estimate.timeFor(100)), 10_200);
});

test('half of the whole is kept: for each tenant the same, and in a tenant for each endpoint the same', () => {
  const tenants = ['corp', 'corp', '/lab', 'labs'];
  assert.deepEqual(
    tenants.map((tenant) => reservedPart(tenant, tenants)),
    [1 / 12, 1 / 12, 1 / 6, 1 / 6],
  );
});

test('a flooded endpoint may take the whole but for what is kept for the others; these always find theirs', () => {
  const flooded = { ahead: 7_499, reserved: 0.25 };
  const other = { ahead: 0, reserved: 0.25 };
  const both = [flooded, other];
  const one = { whole: 10_000, piece: 1 };
  assert.equal(fits(flooded, both, one), true);
  flooded.ahead = 7_500;
  assert.deepEqual([fits(flooded, both, one), fits(other, both, one)], [false, true]);
  other.ahead = 2_499;
  assert.deepEqual([fits(flooded, both, one), fits(other, both, one)], [false, true]);
  other.ahead = 2_500;
  assert.deepEqual([fits(flooded, both, one), fits(other, both, one)], [false, false]);
});

test('an endpoint that is alone may take the whole', () => {
  const alone = { ahead: 4_999, reserved: 0.5 };
  assert.equal(fits(alone, [alone], { whole: 10_000, piece: 2 }), true);
  alone.ahead++;
  assert.equal(fits(alone, [alone], { whole: 10_000, piece: 2 }), false);
});

const NEARLY_ONE = 0.999;

test('Retry-After is from once to three times the time ahead, in whole seconds from 5 to 60', () => {
  assert.deepEqual(
    [0, 5_001, 10_000, 20_000, 3_600_000].map((ahead) =>
      [0, 0.5, NEARLY_ONE].map((chance) => retryAfter({ ahead, piece: 5, crowd: 0 }, chance)),
    ),
    [
      [5, 10, 15],
      [6, 12, 18],
      [10, 20, 30],
      [20, 40, 60],
      [20, 40, 60],
    ],
  );
});

test('a crowd is told to come so slowly that twice as many come as can be served', () => {
  // 20,000 clients of 5 ms are served in 100 s. On average they come after 50 s.
  assert.deepEqual(
    [1_000, 4_000, 20_000, 1e6].map((crowded) =>
      [0, 0.5, NEARLY_ONE].map((chance) => retryAfter({ ahead: 10_000, piece: 5, crowd: crowded }, chance)),
    ),
    [
      [10, 20, 30],
      [10, 20, 30],
      [25, 50, 75],
      [100, 200, 300],
    ],
  );
});

test('work that takes long because the store hangs counts as 100 ms', () => {
  assert.equal(retryAfter({ ahead: 0, piece: 40_000, crowd: 400 }, 0), 10);
});

test('a client is in the crowd until it is to come again', () => {
  let now = 12_000;
  const waiting = crowd(() => now);
  for (const seconds of [5, 5, 300]) waiting.comesIn(seconds);
  const sizes = [0, 4_999, 1_001, 294_000, 1_000, 1e9].map((later) => ((now += later), waiting.size));
  assert.deepEqual(sizes, [3, 3, 1, 1, 0, 0]);
  waiting.comesIn(7);
  assert.equal(waiting.size, 1);
});
