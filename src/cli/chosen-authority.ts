/** Which authority of a configuration a command is about. */
import { type AuthorityCertificates, readCertificates } from '../app/settings.ts';
import { ConfigError } from '../core/errors.ts';

/** The options of commands about one authority. */
export type CaOptions = { config: string; authority?: string };

/** `.option(...AUTHORITY)`: the authority that a command works on. */
export const AUTHORITY = ['--authority <name>', 'which authority; not needed when there is one'] as const;

/** The authority with this name, or the only one. Throws ConfigError. */
export function selectAuthority<T>(authorities: ReadonlyMap<string, T>, name: string | undefined): T {
  const found =
    name === undefined && authorities.size === 1 ? [...authorities.values()][0] : authorities.get(name ?? '');
  if (!found)
    throw new ConfigError(
      `which authority? There is ${[...authorities.keys()].join(', ')}`,
      'Name it with --authority.',
    );
  return found;
}

/** Its certificates; no key is needed. Throws ConfigError. */
export const certificatesOf = async ({ config, authority }: CaOptions): Promise<AuthorityCertificates> =>
  selectAuthority(await readCertificates(config), authority);
