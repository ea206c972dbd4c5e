/** The API under /api/v1: operations, problems, Idempotency-Key and the document. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { z } from 'zod';
import { action } from '../../src/actions/action.ts';
import { BLOCK_ACTIONS } from '../../src/actions/block-actions.ts';
import { challengeIssuer } from '../../src/manage/one-time-passwords.ts';
import { type Ask, restServer } from './rest-server.ts';

const BOB = 'user:bob@example.com';
const add: Ask = { method: 'POST', path: '/blocks', role: 'operator', body: { name: BOB, comment: 'left' } };

test('a change and what it changed', async () => {
  const { ask } = await restServer();
  assert.deepEqual((await ask(add)).body, { added: true });
  const list = await ask({ method: 'GET', path: '/blocks', role: 'viewer' });
  assert.equal(list.status, 200);
  assert.equal(list.header('content-type'), 'application/json');
  assert.equal(list.header('cache-control'), 'no-store');
  assert.deepEqual(list.body, {
    blocks: [{ name: BOB, at: '2026-03-01T12:00:00.000Z', by: 'operator', comment: 'left' }],
  });
  const path = `/blocks/${encodeURIComponent(BOB)}`;
  assert.equal((await ask({ method: 'DELETE', path, role: 'operator' })).status, 200);
  const again = await ask({ method: 'DELETE', path, role: 'operator' });
  assert.deepEqual(again.body, {
    type: 'urn:openndes:problem:not_found',
    title: 'Not found',
    status: 404,
    code: 'not_found',
    detail: 'the block list has no such entry',
    remedy: 'Look for it in the list: it may have ended, or be outside of what you may see.',
  });
  assert.equal(again.header('content-type'), 'application/problem+json');
});

for (const [title, asked, status, code] of [
  ['without a token', { method: 'GET', path: '/blocks' }, 401, 'unauthorized'],
  ['of a role that may not', { ...add, role: 'viewer' }, 403, 'forbidden'],
  ['of a page of another site', { ...add, headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'cross_site'],
  ['with a member of another type', { ...add, body: { name: 7 } }, 400, 'invalid'],
  ['with a member that is not known', { ...add, body: { name: BOB, extra: 1 } }, 400, 'invalid'],
  ['without a body', { ...add, body: undefined }, 400, 'invalid'],
  ['with a parameter that is not known', { method: 'GET', path: '/blocks?x=1', role: 'viewer' }, 400, 'invalid'],
  ['with a broken body', { ...add, body: '{', headers: { 'content-type': 'application/json' } }, 400, 'invalid'],
  [
    'with a form',
    { ...add, body: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported_media_type',
  ],
  ['for a path that does not exist', { method: 'GET', path: '/nothing', role: 'viewer' }, 404, 'no_such_operation'],
  ['by another method', { method: 'PUT', path: '/blocks', role: 'viewer' }, 405, 'method_not_allowed'],
  ['by a method that needs a body', { method: 'QUERY', path: '/blocks', role: 'viewer' }, 405, 'method_not_allowed'],
] as const)
  test(`a request ${title} gets ${status} ${code}`, async () => {
    const { ask, desk } = await restServer();
    const got = await ask(asked);
    assert.equal(`${got.status} ${String(got.body['code'])}`, `${status} ${code}`);
    assert.deepEqual(await desk.store.listBlocks(), []);
    if (status === 405) assert.equal(got.header('allow'), 'GET, POST');
    if (status === 401) assert.equal(got.header('www-authenticate'), 'Bearer realm="openndes"');
  });

test('with one Idempotency-Key a change is done once, and its answer comes again', async () => {
  const { ask, desk } = await restServer();
  const keyed = { ...add, headers: { 'idempotency-key': 'first' } };
  const first = await ask(keyed);
  assert.equal(first.header('idempotency-replayed'), undefined);
  const second = await ask(keyed);
  assert.deepEqual(second.body, { added: true }, 'not false, which a second change would say');
  assert.equal(second.header('idempotency-replayed'), 'true');
  const other = await ask({ ...keyed, body: { name: 'user:eve@example.com' } });
  assert.equal(`${other.status} ${String(other.body['code'])}`, '422 key_reused');
  assert.deepEqual(
    (await ask({ ...keyed, role: 'admin' })).body,
    { added: false },
    'the key of another caller is another key',
  );
  assert.equal((await desk.store.listBlocks()).length, 1);
});

test('an answer that was kept is for callers who may still do the change', async () => {
  const { ask } = await restServer();
  const keyed = { ...add, as: 'ada', headers: { 'idempotency-key': 'first' } };
  assert.equal((await ask(keyed)).status, 200);
  const without = await ask({ ...keyed, role: 'viewer' });
  assert.equal(`${without.status} ${String(without.body['code'])}`, '403 forbidden');
});

test('a change that was refused may be sent again under its key', async () => {
  const { ask } = await restServer();
  const keyed = {
    method: 'DELETE',
    path: `/blocks/${encodeURIComponent(BOB)}`,
    role: 'operator',
    headers: { 'idempotency-key': 'k' },
  } as const;
  assert.equal((await ask(keyed)).status, 404);
  await ask(add);
  assert.equal((await ask(keyed)).status, 200);
});

/** An action whose result is a secret, one that waits, and one that fails. */
const sample = (name: 'secrets.make' | 'slow.run' | 'broken.run', run: () => Promise<{ value: string }>) =>
  action({
    name,
    about: 'A sample.',
    permission: 'operate',
    route: `POST /${name}`,
    input: z.object({}),
    output: z.object({ value: z.string() }),
    ...(name === 'secrets.make' && { secret: true as const }),
    run,
  });

test('an answer with a secret is sent once, and not kept', async () => {
  let made = 0;
  const { ask } = await restServer({ actions: [sample('secrets.make', async () => ({ value: `hush ${++made}` }))] });
  const asked = {
    method: 'POST',
    path: '/secrets.make',
    role: 'operator',
    headers: { 'idempotency-key': 'k' },
  } as const;
  assert.deepEqual((await ask(asked)).body, { value: 'hush 1' });
  const again = await ask(asked);
  assert.equal(`${again.status} ${String(again.body['code'])}`, '409 not_kept');
  assert.doesNotMatch(JSON.stringify(again.body), /hush/);
  assert.equal(made, 1);
});

test('a one-time password is answered once, and is in no answer that is kept', async () => {
  const kept: string[] = [];
  const { ask } = await restServer({
    more: ({ store, clock }) => ({
      store: { ...store, keepAnswer: async (key, answer) => (kept.push(answer.body), store.keepAnswer(key, answer)) },
      passwords: [
        challengeIssuer('/one', { validity: 60_000, max: 2, length: 8 }, { store, clock, random: randomBytes }),
      ],
    }),
  });
  const asked = {
    method: 'POST',
    path: '/passwords',
    role: 'operator',
    body: {},
    headers: { 'idempotency-key': 'k' },
  } as const;
  const { body } = await ask(asked);
  assert.match(String(body['password']), /^[0-9A-F]{16}$/);
  const again = await ask(asked);
  assert.equal(`${again.status} ${String(again.body['code'])}`, '409 not_kept');
  assert.equal(kept.length, 1);
  assert.doesNotMatch(kept[0]!, /[0-9A-F]{16}/);
});

test('while a change runs its key gets 409, and afterwards its answer', async () => {
  const { promise, resolve } = Promise.withResolvers<{ value: string }>();
  const { ask } = await restServer({ actions: [sample('slow.run', () => promise)] });
  const asked = { method: 'POST', path: '/slow.run', role: 'operator', headers: { 'idempotency-key': 'k' } } as const;
  const first = ask(asked);
  const meanwhile = await ask(asked);
  assert.equal(`${meanwhile.status} ${String(meanwhile.body['code'])}`, '409 in_progress');
  resolve({ value: 'done' });
  assert.deepEqual((await first).body, { value: 'done' });
  assert.deepEqual((await ask(asked)).body, { value: 'done' });
});

test('an error of the server is 500 without its text, and an event has it', async () => {
  const failure = new Error('the disk of /var/lib is full');
  const { ask, events } = await restServer({ actions: [sample('broken.run', () => Promise.reject(failure))] });
  const got = await ask({ method: 'POST', path: '/broken.run?', role: 'admin' });
  assert.equal(got.status, 500);
  assert.doesNotMatch(JSON.stringify(got.body), /disk/);
  assert.deepEqual(events, [{ event: 'api-failed', operation: 'POST /api/v1/broken.run', err: failure }]);
});

test('the document is OpenAPI 3.1, made from the actions', async () => {
  const { ask } = await restServer({ actions: BLOCK_ACTIONS });
  const { body } = await ask({ method: 'GET', path: '/openapi.json', role: 'viewer' });
  assert.equal(body['openapi'], '3.1.0');
  assert.deepEqual(Object.keys(body['paths'] as object), ['/api/v1/blocks', '/api/v1/blocks/{name}']);
  const { post } = (body['paths'] as Record<string, Record<string, Record<string, unknown>>>)['/api/v1/blocks'] ?? {};
  assert.equal(post?.['operationId'], 'blocks.add');
  assert.deepEqual(post?.['requestBody'], {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 600 },
            comment: { type: 'string', maxLength: 500 },
          },
          required: ['name'],
          additionalProperties: false,
        },
      },
    },
  });
});
