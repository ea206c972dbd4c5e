/** Values as they go from one thread to another: a structured clone keeps neither the class nor the fields of an error. */
import { defined } from '../core/defined.ts';
import { ConfigError, HttpError, IssuerError, Refusal } from '../core/errors.ts';

/** What stands in the place of an error. `fields`: those of its own that are no objects, its `name` and `code` among them. */
type PortableError = {
  message: string;
  stack: string | undefined;
  cause: unknown;
  /** The members of an AggregateError. */
  errors?: unknown;
  fields: Record<string, unknown>;
};

/** The key of the only member of what stands in the place of an error. Keys of other objects that begin so get one `$` more. */
const MARK = '$error';
const SIGN = '$';

/** Errors that other code knows by their class. */
const CLASSES: Readonly<Record<string, Error>> = {
  ConfigError: ConfigError.prototype,
  HttpError: HttpError.prototype,
  IssuerError: IssuerError.prototype,
  Refusal: Refusal.prototype,
};

/**
 * The same value, ready to be posted: errors at any depth are written out, and octets that are a part of a larger buffer
 * are copied out of it, because the whole buffer would be posted with them.
 */
export function toPortable(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
  if (value instanceof Error) return { [MARK]: writtenOut(value) };
  if (Array.isArray(value)) return value.map(toPortable);
  return isPlain(value) ? mapped(value, marked, toPortable) : value;
}

/** What `toPortable` was given, with errors of their classes. */
export function fromPortable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPortable);
  if (!isPlain(value)) return value;
  return MARK in value ? readError(value[MARK] as PortableError) : mapped(value, unmarked, fromPortable);
}

function writtenOut(error: Error): PortableError {
  const { name, message, stack, cause } = error;
  const fields = Object.fromEntries(Object.entries(error).filter(([, each]) => Object(each) !== each));
  const members = error instanceof AggregateError && { errors: toPortable(error.errors) };
  return { message, stack, cause: toPortable(cause), ...members, fields: { ...fields, name } };
}

function readError({ message, stack, cause, errors, fields }: PortableError): Error {
  const prototype = CLASSES[String(fields['name'])] ?? Error.prototype;
  const error = Object.create(prototype) as Error;
  // The log calls an error by its class, and by its name where the class is not known here.
  const unknown = prototype === Error.prototype && { constructor: undefined };
  const parts = fromPortable(defined({ cause, errors })) as { cause?: unknown; errors?: unknown };
  const hidden = { message, stack, ...unknown, ...parts };
  for (const [key, value] of Object.entries(hidden))
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  return Object.assign(error, fields);
}

const marked = (key: string): string => (key.startsWith(SIGN) ? SIGN + key : key);
const unmarked = (key: string): string => (key.startsWith(SIGN) ? key.slice(SIGN.length) : key);

const mapped = (
  value: Record<string, unknown>,
  name: (key: string) => string,
  change: (value: unknown) => unknown,
): Record<string, unknown> => Object.fromEntries(Object.entries(value).map(([key, each]) => [name(key), change(each)]));

/** A Date, a key, octets and the like are posted as they are. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
