/** Loads an ES module that the configuration names, and what its default export makes. */
import { pathToFileURL } from 'node:url';
import { within } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { systemDeadline } from '../embed/system.ts';
import { assertUnchangeable } from './file-guard.ts';

/** `what` the module makes: `policy`. `args`: of its function. `shape`: what to do when one of the two is not as it must be. */
export type VendorModule<T> = {
  path: string;
  what: string;
  args: readonly unknown[];
  isRight: (made: unknown) => made is T;
  shape: { factory: string; result: string };
};

/** Throws ConfigError, which says what is wrong with the module. */
export async function fromModule<T>({ path, what, args, isRight, shape }: VendorModule<T>): Promise<T> {
  const exported = await importDefault(path, what);
  if (typeof exported !== 'function')
    throw new ConfigError(`${path}: the ${what} module has no function as its default export`, shape.factory);
  const made: unknown = await step({ path, what }, `making its ${what}`, () =>
    (exported as (...all: readonly unknown[]) => unknown)(...args),
  );
  if (isRight(made)) return made;
  throw new ConfigError(
    `${path}: the default export of the ${what} module did not return ${withArticle(what)}`,
    shape.result,
  );
}

const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

const importDefault = (path: string, what: string): Promise<unknown> =>
  step({ path, what }, 'loading it', async () => {
    assertUnchangeable(path, `${withArticle(what)} module`);
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return module.default;
  });

async function step<T>(
  { path, what }: Pick<VendorModule<T>, 'path' | 'what'>,
  name: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await within(work, systemDeadline());
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `${path}: ${name} failed: ${reason} (${withArticle(what)} module)`,
      'Check the module and its path.',
      {
        cause,
      },
    );
  }
}
