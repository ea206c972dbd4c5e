/**
 * The wiring table: what a key of the configuration says arrives where it works. For each key a real server is started
 * on a real openndes.yaml and asked one question over HTTP, whose answer depends on that key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDPOINTS } from './endpoints.table.ts';
import type { Row } from './row.ts';

const ROWS: readonly Row[] = [...ENDPOINTS];

for (const { keys, question, ask, answers } of ROWS)
  test(`${keys.join(', ')}: ${question}`, async () => {
    const places = Object.keys(answers);
    const given = await Promise.all(places.map((place) => ask(place)));
    assert.deepEqual(Object.fromEntries(places.map((place, index) => [place, given[index]])), answers);
  });
