/** A clock that is set back by a day: what counts within a minute begins anew, and is not silent for that day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempts } from '../../src/access/attempts.ts';
import { wrongChallenges } from '../../src/enroll/wrong-challenges.ts';
import { perMinute } from '../../src/http/per-minute.ts';

/** A clock that goes forward and back by milliseconds. */
function movedClock() {
  let now = Date.parse('2026-11-27T12:00:00Z');
  return { clock: () => new Date(now), move: (ms: number) => void (now += ms) };
}

const DAY = 86_400_000;

test('wrong paths are logged again after the clock was set back', () => {
  const { clock, move } = movedClock();
  const line = perMinute(clock);
  const skipped: (number | undefined)[] = [];
  const note = (facts: { skipped?: number }): void => void skipped.push(facts.skipped);
  for (let n = 0; n < 12; n++) line(note);
  assert.equal(skipped.length, 10);
  move(-DAY);
  line(note);
  assert.deepEqual(skipped.slice(10), [2]);
});

test('guesses are warned of again after the clock was set back, and one wrong challenge a minute is answered at once', () => {
  const { clock, move } = movedClock();
  let warned = 0;
  const wrong = wrongChallenges({ endpoint: '/scep', clock, emit: () => void warned++ });
  for (let n = 0; n < 25; n++) wrong();
  move(-DAY);
  assert.equal(wrong(), 0);
  for (let n = 0; n < 19; n++) wrong();
  assert.equal(warned, 2);
});

test('an address with too many failed logins is not so for longer after the clock was set back', () => {
  const { clock, move } = movedClock();
  const failed = attempts(clock);
  for (let n = 0; n < 10; n++) assert.equal(failed.begin('192.0.2.1'), false);
  assert.equal(failed.begin('192.0.2.1'), true);
  move(-DAY);
  assert.equal(failed.begin('192.0.2.1'), false);
});
