/** What goes from one thread to another arrives as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError, IssuerError, Refusal } from '../../src/core/errors.ts';
import { fromPortable, toPortable } from '../../src/threads/portable.ts';

const sent = (value: unknown): unknown => fromPortable(structuredClone(toPortable(value)));

test('plain data, octets and dates arrive as they were', () => {
  const at = new Date('2026-03-01T12:00:00Z');
  const value = { list: [1, 'two', null, undefined, true], octets: Uint8Array.of(1, 2, 3), at, deep: { er: {} } };
  assert.deepEqual(sent(value), value);
});

test('octets of a pool are copied: the pool, with what else it holds, is not posted', () => {
  const pooled = Buffer.from('abc');
  assert.ok(pooled.buffer.byteLength > 3);
  const { body } = toPortable({ body: pooled }) as { body: Uint8Array };
  assert.equal(body.buffer.byteLength, 3);
  assert.deepEqual([...body], [97, 98, 99]);
});

test('a Refusal keeps its class, its code and whether it is final', () => {
  const error = sent(new Refusal('notification_failed', 'refused for good', { final: true }));
  assert.ok(error instanceof Refusal);
  assert.deepEqual(
    [error.name, error.message, error.code, error.final],
    ['Refusal', 'refused for good', 'notification_failed', true],
  );
});

test('an IssuerError keeps what the line decides by', () => {
  const fields = {
    code: 'unavailable',
    retryable: true,
    retryAfter: 30,
    adminText: 'the CA is down',
    clientText: 'later',
  } as const;
  const error = sent(new IssuerError(fields));
  assert.ok(error instanceof IssuerError);
  assert.deepEqual(
    [error.code, error.retryable, error.retryAfter, error.adminText, error.clientText],
    ['unavailable', true, 30, 'the CA is down', 'later'],
  );
});

test('the error of a fact keeps its causes, and the number that SQLite gave it', () => {
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13, code: 'ERR_SQLITE_ERROR' });
  const { facts } = sent({ facts: { err: new HttpError('unavailable', 'not recorded', { cause: full }) } }) as {
    facts: { err: HttpError };
  };
  assert.ok(facts.err instanceof HttpError);
  const cause = facts.err.cause as typeof full;
  assert.deepEqual([cause.message, cause.errcode, cause.code], ['database or disk is full', 13, 'ERR_SQLITE_ERROR']);
});

test('what an error holds beside plain values does not go with it', () => {
  const error = Object.assign(new Error('no answer'), { request: { password: 'secret' }, retry: () => {} });
  assert.deepEqual(Object.keys(sent(error) as Error), ['name']);
});

test('the members of an AggregateError go with it, in their order', () => {
  const error = sent(new AggregateError([new Refusal('rejected', 'no'), new TypeError('odd')], 'both failed'));
  const { message, errors } = error as AggregateError;
  assert.equal(message, 'both failed');
  assert.ok(errors[0] instanceof Refusal);
  assert.deepEqual(
    errors.map((each: Error) => [each.name, each.message]),
    [
      ['Refusal', 'no'],
      ['TypeError', 'odd'],
    ],
  );
});

test('what a policy returns is no error, whatever its keys are', () => {
  const value = { $error: { message: 'not one' }, $: 1, $$error: [{ $error: null }], plain: new Date(0) };
  assert.deepEqual(sent(value), value);
});
