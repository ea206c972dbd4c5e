/** A copy of a PostgreSQL database, made by `pg_dump` while servers use it. */
import { execFile } from 'node:child_process';
import { ConfigError } from '../core/errors.ts';
import { placeText } from '../core/postgres-place.ts';
import type { PostgresConfig } from './configured-store.ts';

/** Writes the copy to the new file `target`, in the form of `pg_restore`, and returns its path. Throws ConfigError. */
export async function dumpDatabase({ place, password }: PostgresConfig, target: string): Promise<string> {
  const { hosts, database, user, tls } = place;
  const env = {
    PATH: process.env['PATH'],
    PGHOST: hosts.map(({ host }) => host).join(),
    PGPORT: hosts.map(({ port }) => port).join(),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: password,
    PGTARGETSESSIONATTRS: 'read-write',
    PGSSLMODE: tls ? 'verify-full' : 'disable',
    PGSSLROOTCERT: tls ? (tls.rootCertificate ?? 'system') : undefined,
    PGCONNECT_TIMEOUT: '10',
    LC_ALL: 'C',
  };
  const said = await finished(['--format=custom', '--no-password', `--file=${target}`], env);
  if (said !== undefined) throw refused(placeText(place), said);
  return target;
}

/** What went wrong; undefined when nothing did. */
const finished = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile('pg_dump', args, { env }, (error, _, stderr) => {
      if (!error) resolve(undefined);
      else resolve(error.code === 'ENOENT' ? MISSING : stderr.trim() || error.message);
    });
  });

const MISSING = 'there is no `pg_dump` on the PATH';

function refused(place: string, said: string): ConfigError {
  const version = /server version: (\d+)/.exec(said)?.[1];
  const install = (which: string): string =>
    `Install the client programs of PostgreSQL${which}: \`apt-get install postgresql-client${which.replace(' ', '-')}\` on Debian.`;
  if (said === MISSING) return new ConfigError(`${place} cannot be copied: ${said}`, install(''));
  if (version !== undefined)
    return new ConfigError(`${place} cannot be copied: \`pg_dump\` is older than the server`, install(` ${version}`));
  return new ConfigError(
    `${place} cannot be copied: ${said.split('\n')[0] ?? ''}`,
    'Correct what it says; `openndes check` looks at the connection.',
  );
}
