/** A gate whose places are taken: what clients are told, one after the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '../../src/core/errors.ts';
import { gated } from '../../src/enroll/gate.ts';
import type { ScepService } from '../../src/enroll/service.ts';
import type { WorkLane } from '../../src/enroll/work-queue.ts';

/** Fifty milliseconds for each request, and nothing ahead. */
const lane: WorkLane = { run: () => Promise.reject(new Error('no place')), queued: 0, full: true, ahead: 0, piece: 50 };
const service = { name: '/scep' } as ScepService;

test('a client is told to come later when more were refused before, and sooner when these have come', async () => {
  let now = 0;
  const gate = { most: 0, lane, slowed: async () => {}, chance: () => 0, now: () => now, refused: () => {} };
  const full = gated(service, gate);
  const refused = async (): Promise<number | undefined> => {
    const error: unknown = await full.pkiOperation(Buffer.of()).catch((reason: unknown) => reason);
    assert.ok(error instanceof HttpError && error.code === 'overloaded', String(error));
    return error.retryAfter;
  };
  const told: (number | undefined)[] = [];
  for (let n = 0; n < 1200; n++) told.push(await refused());
  // 1,000 clients before: 1,000 × 50 ms / 2 is the mean, and half of it the shortest time.
  assert.deepEqual([told[0], told[400], told[800], told[1000]], [5, 5, 10, 13]);
  now = 60_000;
  assert.equal(await refused(), 5);
});
