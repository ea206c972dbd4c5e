/**
 * Puts environment variables, files and credentials of systemd into values: `${env:NAME}`, `${file:PATH}`,
 * `${credential:NAME}`, and `$${` for a plain `${`.
 */
import { ConfigError } from '../../core/errors.ts';
import type { Weakness } from './problems.ts';

/** Where references are looked up. */
export type Sources = {
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, by its path as written. Throws when it cannot be read. */
  read: (path: string) => string;
  /** Takes what is suspicious and not wrong. The words have no part of the content. */
  warn?: (weakness: Weakness) => void;
  /** What is weak about the rights of a file, by its path as written. */
  weaknessOf?: (path: string) => Weakness | undefined;
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

type Resolve = (name: string, sources: Sources) => string;

/** One row for each kind of reference. */
const KINDS: ReadonlyMap<string, Resolve> = new Map([
  ['env', fromEnvironment],
  ['file', fromFile],
  ['credential', fromCredential],
]);

function resolveReference(inside: string | undefined, sources: Sources): string {
  const [, kind = '', name = ''] = /^([a-z]+):(.+)$/.exec(inside ?? '') ?? [];
  const resolve = KINDS.get(kind);
  if (resolve) return resolve(name, sources);
  // The text between the braces may be part of a password, so the error does not repeat it.
  throw new ConfigError(
    'a `${` that is neither `${env:NAME}` nor `${file:PATH}` nor `${credential:NAME}`',
    'Write one of these, or `$${` for a plain `${`.',
  );
}

function fromEnvironment(name: string, { env, warn }: Sources): string {
  const value = env[name];
  if (value !== undefined) return trimmed(value, `the environment variable ${name}`, warn);
  throw new ConfigError(`the environment variable ${name} is not set`, 'Set it for the process that runs openndes.');
}

function fromFile(path: string, { read, warn, weaknessOf }: Sources): string {
  const text = fileText(path, read, `the file ${path}`)
    .replace(/^\ufeff/, '')
    .replace(/\r?\n$/, '');
  const weakness = weaknessOf?.(path);
  if (weakness) warn?.(weakness);
  return trimmed(text, `the file ${path}`, warn);
}

/** `LoadCredential=NAME:PATH` of a systemd service: a file that only this service can read. */
function fromCredential(name: string, sources: Sources): string {
  const folder = sources.env['CREDENTIALS_DIRECTORY'];
  if (folder !== undefined && /^[\w.-]+$/.test(name)) return fromFile(`${folder}/${name}`, sources);
  throw new ConfigError(
    folder === undefined
      ? `there is no credential ${name}: CREDENTIALS_DIRECTORY is not set`
      : 'a credential whose name has other characters than letters, digits, `.`, `_` and `-`',
    'systemd sets it for a service with `LoadCredential=NAME:PATH`.',
  );
}

/** The text as it is, with a warning when an editor seems to have added something to it. */
function trimmed(text: string, where: string, warn: Sources['warn']): string {
  if (text.trim() !== text)
    warn?.({
      what: `the text of ${where} begins or ends with white space, which belongs to the value`,
      remedy: 'Remove it, unless it is meant: editors and `echo` add line ends.',
    });
  return text;
}

/** The text of a file. `what` names the file in an error. Throws ConfigError. */
export function fileText(path: string, read: Sources['read'], what: string): string {
  try {
    return read(path);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code = 'unreadable' } = cause as { code?: string };
    throw new ConfigError(
      `${what} cannot be read (${code})`,
      'Paths are relative to the configuration file. Check the path and the rights of the file.',
      { cause },
    );
  }
}
