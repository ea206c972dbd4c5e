/** Opens a store on PostgreSQL, or returns the sentence with which it is refused. */
import assert from 'node:assert/strict';
import { ConfigError } from '../../src/core/errors.ts';
import type { PostgresPlace } from '../../src/core/postgres-place.ts';
import type { Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { NOON } from '../../src/testing/store-samples.ts';
import { ROLE } from './postgres-cluster.ts';

export const opened = (place: PostgresPlace, password = ROLE.password): Promise<Store> =>
  openPostgresStore({ place, password: () => password, clock: () => NOON, random: Math.random });

/** The message and the remedy of the refusal. */
export async function refusalOf(place: PostgresPlace, password?: string): Promise<string> {
  const error: unknown = await opened(place, password).then(
    () => 'it was opened',
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.doesNotMatch(JSON.stringify([error.message, error.stack, error.remedy]), /of openndes: /);
  return `${error.message}. ${error.remedy}`;
}
