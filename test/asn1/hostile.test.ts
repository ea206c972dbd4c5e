import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { HOSTILE } from './hostile.ts';

/** A reader that keeps an object per octet of these inputs needs hundreds of megabytes, and its thread would end. */
const LITTLE_MEMORY = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };

const worker = new Worker(new URL('./hostile.ts', import.meta.url), { resourceLimits: LITTLE_MEMORY });
const [outcomes] = (await once(worker, 'message')) as [Record<string, string>];

for (const what of Object.keys(HOSTILE))
  test(`S01 hostile input ends in DerError: ${what}`, () => assert.equal(outcomes[what], 'DerError'));
