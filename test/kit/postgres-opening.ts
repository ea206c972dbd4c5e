/** Opens a store on PostgreSQL, or returns the sentence with which it is refused. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../src/core/errors.ts';
import type { PostgresPlace } from '../../src/core/postgres-place.ts';
import type { Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import type { ClaimKind } from '../../src/store/postgres-claim.ts';
import { NOON } from '../../src/testing/store-samples.ts';
import { ROLE } from './postgres-cluster.ts';

type How = { password?: string; secretsKeys?: readonly [Uint8Array, ...Uint8Array[]]; claimed?: ClaimKind | undefined };

export const opened = (
  place: PostgresPlace,
  { password = ROLE.password, secretsKeys, claimed }: How = {},
): Promise<Store> =>
  openPostgresStore({
    place,
    password: () => password,
    clock: () => NOON,
    random: Math.random,
    claimed,
    sealing: secretsKeys && { keys: secretsKeys, random: randomBytes },
  });

/** The message and the remedy of the refusal. */
export async function refusalOf(place: PostgresPlace, how?: How): Promise<string> {
  const error: unknown = await opened(place, how).then(
    () => 'it was opened',
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.doesNotMatch(JSON.stringify([error.message, error.stack, error.remedy]), /of openndes: /);
  return `${error.message}. ${error.remedy}`;
}
