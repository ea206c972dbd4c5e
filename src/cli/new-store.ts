/** The store of a new configuration. */
import { isPostgresUrl, parsePostgresUrl } from '../config/postgres-url.ts';
import { ConfigError } from '../core/errors.ts';
import { systemRandom } from '../embed/system.ts';

/** `section`: YAML; `files`: the content of private files by path. */
export type NewStore = { section: string; files: Readonly<Record<string, string>> };

/** A file of SQLite, or the PostgreSQL database of this URL with a new `secretsKey`. Throws ConfigError. */
export function newStore(url: string | undefined): NewStore {
  if (url === undefined) return { section: 'store: sqlite:./openndes.db', files: {} };
  if (!isPostgresUrl(url))
    throw new ConfigError(
      '--store: not the URL of a PostgreSQL database',
      'Write it like `--store postgres://openndes@db.example.com/openndes`, or leave it out for a file of SQLite.',
    );
  const { password } = parsePostgresUrl(url, (path) => path);
  const lines = [
    `  url: ${JSON.stringify(withoutPassword(url))}`,
    ...(password === undefined ? ['  # password: "${file:db.password}"'] : ['  password: "${file:db.password}"']),
    '  # Seals in the database what can hold a challenge. Every server of the database has the same.',
    '  secretsKey: "${file:secrets.key}"',
  ];
  return {
    section: `store:\n${lines.join('\n')}`,
    files: {
      'secrets.key': `${Buffer.from(systemRandom(32)).toString('base64')}\n`,
      ...(password !== undefined && { 'db.password': `${password}\n` }),
    },
  };
}

/** A URL for a configuration, which has the password elsewhere. */
export const withoutPassword = (url: string): string =>
  url.replace(/^([^:]+:\/\/[^:@/]+):[^@/]*@/, '$1@').replaceAll('${', '$$$${');
