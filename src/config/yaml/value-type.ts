/** A type of value: how it is read, and how errors and the reference page describe it. */
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';

/** `type` is text that follows "not" in errors: `a GUID`. A secret appears in no output. */
export type ValueType<T extends z.ZodType> = { schema: T; type: string; example: string; secret: boolean };

/**
 * A value made from another. `make` returns undefined for a value of the wrong type. It throws ConfigError when there is
 * a more exact reason: the administrator then reads its message and remedy.
 */
export const transformed = <T extends z.ZodType, R>(from: T, make: (value: z.output<T>) => R | undefined) =>
  from.transform((value, context): R => {
    // zod also calls this for a mapping with an unknown key, which has its own error already.
    if (context.issues.length > 0) return z.NEVER;
    try {
      const result = make(value);
      if (result !== undefined) return result;
      context.addIssue({ code: 'custom', params: { wrongType: true } });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { remedy: error.remedy } });
    }
    return z.NEVER;
  });

/** A type of value that is not secret. */
export const valueType = <T extends z.ZodType>(schema: T, type: string, example: string): ValueType<T> => ({
  schema,
  type,
  example,
  secret: false,
});

/** The same type, but its values are never printed. */
export const secret = <T extends z.ZodType>(value: ValueType<T>): ValueType<T> => ({ ...value, secret: true });
