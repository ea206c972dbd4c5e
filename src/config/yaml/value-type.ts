/** What a kind of value is: how it is read, and the words for it. */
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';

/** `type` follows the word "not" in errors: `a GUID`. A secret appears in no output. */
export type ValueType<T extends z.ZodType> = { schema: T; type: string; example: string; secret: boolean };

/**
 * A value made of another. `make` returns undefined for what is not of the kind, and throws ConfigError when there is
 * more to say: its message and remedy are then what the administrator reads.
 */
export const transformed = <T extends z.ZodType, R>(from: T, make: (value: z.output<T>) => R | undefined) =>
  from.transform((value, context): R => {
    // A mapping with an unknown key still arrives here; nothing more can be said of it before that is right.
    if (context.issues.length > 0) return z.NEVER;
    try {
      const result = make(value);
      if (result !== undefined) return result;
      context.addIssue({ code: 'custom', params: { wordless: true } });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { remedy: error.remedy } });
    }
    return z.NEVER;
  });

export const valueType = <T extends z.ZodType>(schema: T, type: string, example: string): ValueType<T> => ({
  schema,
  type,
  example,
  secret: false,
});

/** The same, but no value of it is ever printed. */
export const secret = <T extends z.ZodType>(kind: ValueType<T>): ValueType<T> => ({ ...kind, secret: true });
