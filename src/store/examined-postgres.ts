/** Looks at a whole PostgreSQL database, while servers use it or not. Changes nothing. */
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { placeText } from '../core/postgres-place.ts';
import type { Examined } from './examined-pages.ts';
import { examineRows } from './examined-rows.ts';
import { secretsOf } from './examined-secrets.ts';
import { serialsOf } from './examined-serials.ts';
import { hasCurrentTables } from './postgres.ts';
import { PATIENCE } from './postgres-connection.ts';
import { postgresEngine, type PostgresEngineOptions } from './postgres-engine.ts';
import { sealer, type SealingKeys } from './sealer.ts';
import { assertKnownKey } from './secrets-check.ts';

/** Which database, and the keys of its secrets. */
export type ExaminedDatabase = Pick<PostgresEngineOptions, 'place' | 'password' | 'random'> & {
  clock: Clock;
  sealing?: SealingKeys | undefined;
};

/**
 * Row by row. Whether the files of the database server are whole is not looked at. Throws ConfigError when the database
 * cannot be used, is of another version, or has secrets that are sealed with another key; PostgresFault when it fails meanwhile.
 */
export async function* examinePostgres({ clock, sealing, ...connecting }: ExaminedDatabase): Examined {
  const where = placeText(connecting.place);
  if (!(await hasCurrentTables(connecting)))
    throw new ConfigError(
      `store: ${where} has no tables, or those of another version of openndes`,
      'Check it with that version, or start `openndes serve` of this one once, which makes them and upgrades older ones.',
    );
  const engine = postgresEngine({ ...connecting, patience: PATIENCE });
  const secrets = sealing && sealer(sealing);
  try {
    await assertKnownKey(engine, { where, sealer: secrets });
    yield* examineRows(engine.db, clock().getTime());
    yield* serialsOf(engine.db);
    if (secrets) yield* secretsOf(engine.db, secrets);
  } finally {
    await engine.close();
  }
}
