/** A short run with a fixed seed, so that every `npm test` changes some messages; `npm run fuzz` changes more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYERS } from './layers.ts';
import { fuzz } from './run.ts';

const { findings, outcomes, inputs } = await fuzz({ seed: 8894, inputs: 5000 });

test('X04 changed messages end in a request, a refusal or message_undecodable', () => {
  assert.equal(inputs, 5000);
  assert.deepEqual(findings, []);
});

test('changes reach the content after the signature: in every layer some messages open and some do not', () => {
  for (const layer of Object.keys(LAYERS)) {
    const seen = Object.keys(outcomes).filter((outcome) => outcome.startsWith(`${layer} `));
    assert.ok(seen.length > (layer === 'plaintext' ? 0 : 1), `${layer}: ${seen.join(', ')}`);
  }
  for (const layer of ['message', 'certificate', 'attributes', 'envelope', 'requestInfo'])
    assert.ok(outcomes[`${layer} opened`], `${layer} opened nothing`);
});
