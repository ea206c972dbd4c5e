/** What a key elsewhere says when it cannot be opened. */
import assert from 'node:assert/strict';
import { ConfigError } from '../../src/core/errors.ts';

/** The sentence and the remedy of the ConfigError. Fails when the key is opened, or another error comes. */
export async function refusalOf(open: () => Promise<unknown>): Promise<string> {
  try {
    await open();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return `${error.message}. ${error.remedy}`;
  }
  return assert.fail('it was opened');
}
