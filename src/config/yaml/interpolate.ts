/** Puts environment variables and files into values: `${env:NAME}`, `${file:PATH}`, and `$${` for a plain `${`. */
import { ConfigError } from '../../core/errors.ts';

/** Where references are looked up. */
export type Sources = {
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, by its path as written. Throws when it cannot be read. */
  read: (path: string) => string;
};

const REFERENCE = /\$(?<escaped>\$?)\{(?:(?<inside>[^{}]*)\})?/g;

/**
 * The text with every reference replaced. References in what was inserted stay as they are. Throws ConfigError, which
 * names the variable or the file and never its content.
 */
export const interpolate = (text: string, sources: Sources): string =>
  text.replace(REFERENCE, (...match) => {
    const { escaped, inside } = match.at(-1) as { escaped: string; inside: string | undefined };
    return escaped ? match[0].slice(1) : resolveReference(inside, sources);
  });

function resolveReference(inside: string | undefined, { env, read }: Sources): string {
  const [, kind, name] = /^(env|file):(.+)$/.exec(inside ?? '') ?? [];
  if (kind === 'env') return fromEnvironment(name ?? '', env);
  if (kind === 'file') return fileText(name ?? '', read, `the file ${name}`).replace(/\r?\n$/, '');
  // The text between the braces may be part of a password, so the error does not repeat it.
  throw new ConfigError(
    'a `${` that is neither `${env:NAME}` nor `${file:PATH}`',
    'Write one of these, or `$${` for a plain `${`.',
  );
}

function fromEnvironment(name: string, env: Sources['env']): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw new ConfigError(`the environment variable ${name} is not set`, 'Set it for the process that runs openndes.');
}

/** The text of a file. `what` names the file in an error. Throws ConfigError. */
export function fileText(path: string, read: Sources['read'], what: string): string {
  try {
    return read(path);
  } catch (cause) {
    const { code = 'unreadable' } = cause as { code?: string };
    throw new ConfigError(
      `${what} cannot be read (${code})`,
      'Paths are relative to the configuration file. Check the path and the rights of the file.',
      { cause },
    );
  }
}
