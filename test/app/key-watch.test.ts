/** A key elsewhere that fails is in the log once, and once more when it works again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchKeys } from '../../src/app/key-watch.ts';
import type { ServerEvent } from '../../src/core/events.ts';
import { until } from '../kit/until.ts';

test('the reason is said once, and the end of the fault once', async (t) => {
  const said: ServerEvent[] = [];
  const standings = new Map<string, string>();
  let looks = 0;
  const of = (name: string) => () => (looks++, standings.get(name));
  const keys = new Map([
    ['issuing', of('issuing')],
    ['lab', of('lab')],
  ]);
  const end = watchKeys({ keys, emit: (event) => void said.push(event), every: 1 });
  t.after(end);
  const looked = async (): Promise<void> => {
    const from = looks;
    await until(() => looks >= from + 6, 'some looks', { every: 1 });
  };
  await looked();
  assert.deepEqual(said, []);
  standings.set('issuing', 'the HSM is away');
  await looked();
  assert.deepEqual(said.splice(0), [{ event: 'key-failed', authority: 'issuing', reason: 'the HSM is away' }]);
  standings.set('issuing', 'the HSM has no power');
  await looked();
  assert.deepEqual(said, []);
  standings.clear();
  await looked();
  assert.deepEqual(said.splice(0), [{ event: 'key-works', authority: 'issuing' }]);
  standings.set('issuing', 'away again');
  await looked();
  assert.deepEqual(said, [{ event: 'key-failed', authority: 'issuing', reason: 'away again' }]);
});
