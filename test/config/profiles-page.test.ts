/** docs/profiles.md: every example is a configuration that loads, and what it says about the three profiles is so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AUTHORITIES, ENDPOINTS, load } from './config-under-test.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'profiles.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
const whole = (example: string): string => `${AUTHORITIES}${/^endpoints:/m.test(example) ? '' : ENDPOINTS}${example}`;

test('the page has four examples', () => assert.equal(EXAMPLES.length, 4));
for (const [index, example] of EXAMPLES.entries())
  test(`example ${index + 1} loads without a warning`, () => assert.deepEqual(load(whole(example)).warnings, []));

test('the endpoint of the last example has the three profiles that the page says', () => {
  const [endpoint] = load(whole(EXAMPLES[3]!)).config.endpoints;
  const { signature, encryption } = endpoint!.byUsage!;
  assert.deepEqual([endpoint!.profile.name, signature.name, encryption.name], ['device', 'signing', 'encrypting']);
});
