/** Which authority of a configuration a command is about. */
import { type AuthorityCertificates, readCertificates } from '../app/named-authorities.ts';
import { ConfigError } from '../core/errors.ts';

/** The options of commands about one authority. */
export type CaOptions = { config: string; authority?: string };

/** `.option(...AUTHORITY)`: the authority that a command works on. */
export const AUTHORITY = ['--authority <name>', 'which authority; not needed when there is one'] as const;

/** The name itself, or that of the only one. Throws ConfigError. */
export function chosenAuthority(names: readonly string[], name: string | undefined): string {
  const [only, ...others] = names;
  const chosen = name ?? (others.length === 0 ? only : undefined);
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw new ConfigError(`which authority? There is ${names.join(', ')}`, 'Name it with --authority.');
}

/** The authority with this name, or the only one. Throws ConfigError. */
export const selectAuthority = <T>(authorities: ReadonlyMap<string, T>, name: string | undefined): T =>
  authorities.get(chosenAuthority([...authorities.keys()], name)) as T;

/** Its certificates; no key is needed. Throws ConfigError. */
export const certificatesOf = async ({ config, authority }: CaOptions): Promise<AuthorityCertificates> =>
  selectAuthority(await readCertificates(config), authority);
