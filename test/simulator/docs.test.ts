/** docs/simulator.md is true: each route on it exists, and each example gets the answer that stands below it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAULTS } from '../../src/simulator/fault-table.ts';
import { control, csr, startTenant } from './tenant.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/simulator.md'), 'utf8');

type Example = { method: string; path: string; body: string | undefined; type: string | undefined; answer: string };

/** The examples in order: a line that begins with `$ curl`, and the line below it unless that is the next example. */
const examples = [...page.matchAll(/^\$ (curl .*)\n((?!\$|```).*)?/gm)].map(([, command, answer = '']): Example => {
  const body = /-d '([^']*)'/.exec(command!)?.[1];
  return {
    method: /-X (\w+)/.exec(command!)?.[1] ?? (body === undefined ? 'GET' : 'POST'),
    path: /\$CONTROL(\S+)/.exec(command!)![1]!,
    body,
    type: /-H 'content-type: ([^']*)'/.exec(command!)?.[1],
    answer,
  };
});

/** `…` stands for anything. */
const pattern = (answer: string): RegExp => new RegExp(`^${answer.split('…').map(literally).join('.*')}$`);
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('the examples of docs/simulator.md get the answers that stand there', async (t) => {
  const { simulator, validate } = await startTenant(t);
  await validate(await csr({ challenge: simulator.mint({ subject: 'CN=device-1' }) }));
  assert.ok(examples.length >= 9, `${examples.length} examples`);
  for (const { method, path, body, type, answer } of examples) {
    const { status, json } = await control(simulator, method, path, body, type ? { 'content-type': type } : {});
    if (answer === '') assert.equal(status, 204, `${method} ${path}`);
    else assert.match(JSON.stringify(json), pattern(answer), `${method} ${path}`);
  }
});

test('docs/simulator.md names every route of the control API, and each exists', async (t) => {
  const { simulator } = await startTenant(t);
  const named = [...page.matchAll(/^\| `((GET|POST|PUT|DELETE) \/[\w/{}]*)` \|/gm)].map(([, route]) => route!);
  const { json } = await control(simulator, 'GET', '/unknown');
  const listed = /has (.*)\.$/.exec((json as { error: string }).error)![1]!.split(', ');
  assert.deepEqual([...new Set(named)].toSorted(), ['GET /', ...listed].toSorted());
  for (const route of named) {
    const [method, path] = route.split(' ') as [string, string];
    const response = await fetch(simulator.control + path.replace('{id}', 'none'), { method });
    await response.body?.cancel();
    assert.notEqual(response.status, 404, route);
  }
});

test('docs/simulator.md names every fault that has a name of its own', () => {
  for (const { form } of FAULTS.filter(({ form: each }) => /^[\w-]+$/.test(each)))
    assert.ok(page.includes(`| \`${form}\` |`), form);
});
