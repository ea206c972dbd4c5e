/** `issuer` of an authority: exactly one of the kinds in `issuer-kinds.ts`. */
import type { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { ISSUER_KINDS, type IssuerConfig } from './issuer-kinds.ts';
import type { FileContext } from './references.ts';
import { optional, section } from './yaml/table.ts';
import { transformed, type valueType } from './yaml/value-type.ts';

/** A row of `ISSUER_KINDS` for code that works on every kind. */
type AnyKind = {
  description: string;
  value: (context: FileContext) => ReturnType<typeof valueType>;
  keys?: () => Readonly<Record<string, z.ZodType>>;
  settings: (value: unknown, keys: unknown) => object;
};

const ROWS = new Map(Object.entries(ISSUER_KINDS as unknown as Record<string, AnyKind>));

const EXAMPLE = '{ module: ./my-ca.mjs }';

const keysOf = (context: FileContext): Record<string, z.ZodType> =>
  Object.fromEntries(
    [...ROWS].flatMap(([name, { value, description, keys }]) => [
      [name, optional(value(context), description)],
      ...Object.entries(keys?.() ?? {}),
    ]),
  );

type Written = Readonly<Record<string, unknown>>;

/** The key `issuer` of an authority. */
export const issuerSection = (context: FileContext) => ({
  schema: transformed(
    section('The CA product that issues.', EXAMPLE, keysOf(context)),
    (written): IssuerConfig => issuerIn(written),
  ),
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
});

function issuerIn(written: Written): IssuerConfig {
  const [found, ...others] = [...ROWS].filter(([name]) => written[name] !== undefined);
  if (!found || others.length > 0)
    throw new ConfigError(
      found ? 'two CAs for one authority' : 'no CA, so nothing could be issued',
      'Name exactly one; docs/backends.md has all of them.',
    );
  const [kind, row] = found;
  assertBelongs(written, kind);
  return { kind, settings: row.settings(written[kind], written) } as IssuerConfig;
}

function assertBelongs(written: Written, kind: string): void {
  for (const [owner, { keys }] of ROWS) {
    const misplaced = Object.keys(keys?.() ?? {}).find((key) => owner !== kind && written[key] !== undefined);
    if (misplaced !== undefined)
      throw new ConfigError(`\`${misplaced}\` belongs to \`${owner}\``, 'Remove it from this issuer.');
  }
}
