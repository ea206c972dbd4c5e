/** Errors of a module that has its own copy of this package. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOurErrors } from '../../src/app/module-errors.ts';
import { IssuerError, Refusal } from '../../src/core/errors.ts';

const never = new AbortController().signal;
const named = (name: string, fields: object): Error => Object.assign(new Error('why'), { name, ...fields });

async function thrown(error: unknown): Promise<unknown> {
  const product = withOurErrors({ issue: () => Promise.reject(error) });
  return product.issue({} as never, {} as never, never).then(
    () => assert.fail(),
    (cause: unknown) => cause,
  );
}

test('an IssuerError of another copy of the package is ours, with its fields', async () => {
  const fields = { code: 'throttled', retryable: true, retryAfter: 7, adminText: 'why', clientText: 'later' };
  const error = await thrown(named('IssuerError', fields));
  assert.ok(error instanceof IssuerError);
  const { code, retryable, retryAfter, adminText, clientText } = error;
  assert.deepEqual({ code, retryable, retryAfter, adminText, clientText }, fields);
});

test('a Refusal of another copy of the package is ours, when its code is one of ours', async () => {
  const error = await thrown(named('Refusal', { code: 'algorithm_refused' }));
  assert.ok(error instanceof Refusal);
  assert.deepEqual([error.code, error.message], ['algorithm_refused', 'why']);
  assert.equal((await thrown(named('Refusal', { code: 'no_such_code' }))) instanceof Refusal, false);
});

test('another error stays what it is, and so does one of ours', async () => {
  for (const error of [new TypeError('why'), new Refusal('policy_denied', 'why'), named('IssuerError', {})])
    assert.equal(await thrown(error), error);
});

test('a product keeps its fields and its methods, and has no others', async () => {
  const product = withOurErrors({
    backend: 'vendor',
    capabilities: { sanFromCsr: true },
    issue: () => Promise.reject(new Error('not asked')),
    check: async () => ({ ok: true, detail: 'well' }),
  });
  assert.deepEqual(Object.keys(product).sort(), ['backend', 'capabilities', 'check', 'issue']);
  assert.deepEqual(await product.check?.(never), { ok: true, detail: 'well' });
});
