/** The option with which a command gets a passphrase: never from the command line, which other users can see. */
import { ConfigError } from '../core/errors.ts';

/** Protects private keys. `variable` names the environment variable from which the server reads `value`. */
export type Passphrase = { variable: string; value: string };

/** `.option(...PASSPHRASE)` */
export const PASSPHRASE = ['--passphrase-env <name>', 'environment variable with a passphrase for the key'] as const;

/** The passphrase in this environment variable; undefined without a name. Throws ConfigError when it is not set. */
export function passphraseFrom(variable: string | undefined): Passphrase | undefined {
  if (variable === undefined) return undefined;
  const value = process.env[variable];
  if (!value)
    throw new ConfigError(`the environment variable ${variable} is not set`, 'Set it to the passphrase for the keys.');
  return { variable, value };
}
