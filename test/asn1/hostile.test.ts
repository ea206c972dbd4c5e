import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { HOSTILE } from './hostile.ts';

/** The thread has little memory: a reader that keeps an object for each octet of these inputs would exhaust it. */
const LITTLE_MEMORY = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };

const worker = new Worker(new URL('./hostile.ts', import.meta.url), { resourceLimits: LITTLE_MEMORY });
const [outcomes] = (await once(worker, 'message')) as [Record<string, string>];

for (const what of Object.keys(HOSTILE))
  test(`S01 hostile input ends in DerError: ${what}`, () => assert.equal(outcomes[what], 'DerError'));
