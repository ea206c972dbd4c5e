/** Refuses options that would start a server on which nothing works: JavaScript does not check types. */
import type { EnrollmentOptions } from './enrollment.ts';

/** Throws TypeError with a sentence for the first option that is missing or empty. */
export function assertOptions({ endpoints, store, logger }: EnrollmentOptions): void {
  demand(isFilled(endpoints), '`endpoints` is missing or empty: give at least one');
  demand(isObject(store), '`store` is missing: open one with openSqliteStore');
  demand(isObject(logger), '`logger` is missing: give an object with debug, info, warn and error');
  for (const { path, policy, issuer, chain } of endpoints) {
    demand(typeof path === 'string' && path.startsWith('/'), `\`path\` of an endpoint is ${path}: it begins with /`);
    demand(hasMethod(policy, 'decide'), `${path}: \`policy\` is missing or has no decide()`);
    demand(hasMethod(issuer, 'issue'), `${path}: \`issuer\` is missing or has no issue()`);
    demand(
      isFilled(chain),
      `${path}: \`chain\` is missing or empty: give the certificate of the issuing CA, then those above it`,
    );
  }
}

/** Throws TypeError: paths of clients are fixed, so a prefix would make each of them 404. */
export function assertNoPrefix(prefix: string): void {
  demand(prefix === '', `scepPlugin is registered under the prefix ${prefix}: put it into \`path\` of each endpoint`);
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new TypeError(message);
}

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const hasMethod = (value: unknown, name: string): boolean =>
  isObject(value) && typeof (value as Record<string, unknown>)[name] === 'function';
