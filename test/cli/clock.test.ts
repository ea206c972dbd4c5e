/** `openndes clock`: after a clock that was ahead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { installed } from '../app/installation.ts';

test('clock: names a clock that went back and exits with 1; --accept signs by it, and is in the history', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  const first = await cli('clock');
  assert.deepEqual([first.code, first.err], [0, '']);
  assert.match(first.out, /^clock {8}\d{4}-.*\nlast signed {2}nothing yet$/);
  await store.noteSigning(new Date('2099-01-01'));
  const wrong = await cli('clock');
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /last signed {2}2099-01-01T00:00:00\.000Z$/);
  assert.match(
    wrong.err,
    /^the clock went back: .* If all are right now, and one was ahead before, run `openndes clock --accept`\.$/,
  );
  const list = await cli('ca', 'crl');
  assert.notEqual(list.code, 0);
  assert.match(list.err, /the clock went back/);
  assert.equal((await cli('clock', '--accept')).code, 0);
  assert.equal((await cli('ca', 'crl')).code, 0);
  const [entry] = await store.listAudit({});
  assert.deepEqual([entry?.event, entry?.source], ['clock-accepted', 'cli']);
  assert.match(entry!.detail!, /^\d{4}-.* in place of 2099-01-01T00:00:00\.000Z$/);
  await store.close();
});
