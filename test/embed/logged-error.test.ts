/** What is expected in operation is one sentence in the log, without a stack and without doubling; a fault keeps its stack. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { ConfigError, HttpError, Refusal } from '../../src/core/errors.ts';
import { loggedError } from '../../src/embed/logged-error.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { httpsClient } from '../../src/outbound/https-client.ts';
import { explained } from '../../src/store/sqlite-faults.ts';
import { keptLog } from '../kit/log.ts';

const thrown = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

async function refusedConnection(): Promise<Error> {
  const { exchange, close } = httpsClient({ timeoutMs: 5_000 });
  const call = { method: 'GET', url: 'https://127.0.0.1:1/', headers: {}, limit: 1 } as const;
  const error = await exchange(call, new AbortController().signal).catch((reason: unknown) => reason as Error);
  await close();
  return error as Error;
}

const database = new DatabaseSync(':memory:');
const fullDisk = thrown(() =>
  explained('a.db', () => {
    database.exec('PRAGMA max_page_count = 1');
    database.exec('CREATE TABLE t (a)');
  }),
);
const enoent = thrown(() => readFileSync('/no/such/file'));
const late = AbortSignal.timeout(1);
await new Promise((resolve) => setTimeout(resolve, 20));
const unreachable = await refusedConnection();

const OPERATIONAL: Readonly<Record<string, [Error, string]>> = {
  'a truncated message': [
    new HttpError('message_undecodable', 'length exceeds the input at offset 4', {
      cause: new DerError('length exceeds the input at offset 4'),
    }),
    'length exceeds the input at offset 4',
  ],
  'a connection that ended': [
    new HttpError('message_undecodable', 'the connection ended before the body did', {
      cause: Object.assign(new Error('aborted'), { code: 'ECONNRESET' }),
    }),
    'the connection ended before the body did: aborted',
  ],
  'a full disk': [
    new HttpError('unavailable', 'the request could not be finished', { cause: fullDisk }),
    'the request could not be finished: store a.db: database or disk is full. The disk is full. Free some space; what was acknowledged before is safe.',
  ],
  'a file that is missing': [
    new ConfigError('a.pem: cannot be read', 'Name another.', { cause: enoent }),
    "a.pem: cannot be read: ENOENT: no such file or directory, open '/no/such/file'",
  ],
  'the time of a request': [
    new HttpError('unavailable', 'the store gave no answer in time', { cause: late.reason }),
    'the store gave no answer in time: The operation was aborted due to timeout',
  ],
  'an unreachable service': [
    unreachable,
    '127.0.0.1:1 could not be reached: ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1',
  ],
};

for (const [what, [error, message]] of Object.entries(OPERATIONAL))
  test(`${what} is one sentence without a stack`, () => {
    const shown = loggedError(error, undefined) as Error;
    assert.deepEqual([shown.message, shown.stack, shown.cause], [message, undefined, undefined]);
    assert.deepEqual([shown.constructor, shown.name], [error.constructor, error.name]);
    assert.ok(error.stack, 'the error itself is not changed');
  });

test('a DOMException, whose properties cannot be read of a copy, is written too', () => {
  const log = keptLog();
  log.error({ err: loggedError(late.reason, undefined) }, 'x');
  const { name, message } = (JSON.parse(log.lines[0] ?? '') as { err: Error }).err;
  assert.deepEqual([name, message], ['TimeoutError', 'The operation was aborted due to timeout']);
});

test('the fields of an error stay', () => {
  const error = new IntuneUnreachable({ hop: 'token', what: 'x', remedy: 'y', retryable: false, status: 503 });
  const { hop, status, remedy } = loggedError(error, undefined) as IntuneUnreachable;
  assert.deepEqual([hop, status, remedy], ['token', 503, 'y']);
});

test('what `detail` says already is not said again', () => {
  const cause = new IntuneUnreachable({ hop: 'token', what: 'x', remedy: 'y', retryable: false });
  const refusal = new Refusal('notification_failed', 'Intune token: x. y', { cause });
  assert.equal(loggedError(refusal, 'Intune token: x. y'), undefined);
});

test('a fault of a program keeps its stack and its causes, also inside an expected error', () => {
  const bug = new TypeError('undefined is not a function');
  const failed = new HttpError('unavailable', 'the request could not be finished', { cause: bug });
  const constraint = thrown(() => {
    database.exec('PRAGMA max_page_count = 1000; CREATE TABLE u (a UNIQUE); INSERT INTO u VALUES (1)');
    database.exec('INSERT INTO u VALUES (1)');
  });
  for (const error of [bug, failed, constraint, 'text', undefined]) assert.equal(loggedError(error, 'x'), error);
});
