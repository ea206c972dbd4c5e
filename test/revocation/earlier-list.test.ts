/** When the list of an earlier CA is read, how long it is used, and what happens while there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCaCertificate } from '../../src/ca/ca-certificate.ts';
import { earlierList } from '../../src/revocation/earlier-list.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { handClock } from '../kit/clock.ts';
import { until } from '../kit/until.ts';
import { DAY, HOUR, issuing, NOW, YEAR } from '../kit/pki.ts';

const MINUTE = 60_000;
const FOREVER = new AbortController().signal;

/** A list of that day, valid for a week, with these serial numbers. */
const listOf = (thisUpdate: Date, ...serials: string[]): Promise<Uint8Array> =>
  writeCrl({
    issuer: issuing,
    revoked: serials.map((serial) => ({
      serialNumber: Buffer.from(serial, 'hex'),
      revokedAt: NOW,
      reason: 'unspecified',
      notAfter: new Date(NOW.getTime() + YEAR),
    })),
    thisUpdate,
    validity: 7 * DAY,
    number: 1,
  });

/** `place.list` is what the place of the list gives, or the error that it gives; `place.reads` counts. */
function watched(first: Promise<Uint8Array> | Error) {
  const place = { list: first, reads: 0 };
  const failures: string[] = [];
  const clock = handClock();
  const fetch = async (): Promise<Uint8Array> => {
    place.reads++;
    if (place.list instanceof Error) throw place.list;
    return place.list;
  };
  const failed = (error: unknown): void => void failures.push((error as Error).message);
  const asks = earlierList({ ca: readCaCertificate(issuing.certificate, NOW), fetch, clock, failed });
  const ask = (serial: string): Promise<boolean> => asks(serial, FOREVER);
  return { place, failures, clock, ask, asks };
}

/** What runs behind the answers has ended. */
const settled = () => new Promise((done) => setTimeout(done, 20));

test('many requests at once read the list once, and it tells what it has', async () => {
  const { place, ask } = watched(listOf(NOW, '5f01'));
  const answers = await Promise.all(['5f01', '5f02', '5f01'].map(ask));
  assert.deepEqual([answers, place.reads], [[true, false, true], 1]);
  assert.equal(await ask('5f01'), true);
  assert.equal(place.reads, 1);
});

test('after ten minutes it is read again, and the request gets the answer of the old one at once', async () => {
  const { place, clock, ask } = watched(listOf(NOW));
  assert.equal(await ask('5f01'), false);
  place.list = listOf(new Date(NOW.getTime() + MINUTE), '5f01');
  clock.forward(10 * MINUTE - 1);
  assert.equal(await ask('5f01'), false);
  assert.equal(place.reads, 1);
  clock.forward(1);
  assert.equal(await ask('5f01'), false);
  await until(() => ask('5f01'), 'the new list');
  assert.equal(place.reads, 2);
});

test('while no new one comes, the list is used until its nextUpdate and not after it', async () => {
  const { place, failures, clock, ask } = watched(listOf(NOW, '5f01'));
  await ask('5f01');
  place.list = new Error('connection refused');
  clock.forward(7 * DAY - 1);
  assert.deepEqual([await ask('5f01'), await ask('5f02')], [true, false]);
  await until(() => failures.length > 0, 'a failure');
  assert.deepEqual(failures, ['connection refused']);
  clock.forward(1);
  await assert.rejects(ask('5f01'), /connection refused/);
  place.list = listOf(clock(), '5f02');
  clock.forward(30_000);
  assert.equal(await ask('5f02'), true);
});

test('after a failure the next attempt comes 30 seconds later, however many ask, also when the clock is set back', async () => {
  const { place, failures, clock, ask } = watched(new Error('connection refused'));
  await Promise.all(Array.from({ length: 20 }, () => assert.rejects(ask('5f01'), /connection refused/)));
  clock.forward(29_999);
  await assert.rejects(ask('5f01'), /connection refused/);
  assert.deepEqual([place.reads, failures.length], [1, 1]);
  clock.forward(1);
  await assert.rejects(ask('5f01'), /connection refused/);
  assert.equal(place.reads, 2);
  clock.forward(-3 * HOUR);
  await assert.rejects(ask('5f01'), /connection refused/);
  assert.equal(place.reads, 3);
});

test('a list that has ended is none, and an older list does not take the place of a newer one', async () => {
  const ended = watched(listOf(NOW));
  ended.clock.forward(7 * DAY);
  await assert.rejects(ended.ask('5f01'), /it ended at 2026-03-08T12:00:00\.000Z/);
  const { place, clock, ask } = watched(listOf(NOW, '5f01'));
  await ask('5f01');
  place.list = listOf(new Date(NOW.getTime() - DAY));
  clock.forward(10 * MINUTE);
  await ask('5f01');
  await until(() => place.reads === 2, 'the second list');
  await settled();
  assert.equal(await ask('5f01'), true);
});

test('a request whose time is over does not wait for the list', async () => {
  const { asks } = watched(new Promise<never>(() => {}));
  await assert.rejects(asks('5f01', AbortSignal.abort(new Error('too late'))), /too late/);
});
