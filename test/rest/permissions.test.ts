/** The matrix of docs/access.md, run: each role with each action, by the table of actions, by the API, and on the pages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Caller, perform } from '../../src/actions/action.ts';
import { ActionError } from '../../src/actions/action-error.ts';
import { ACTIONS, actionNamed } from '../../src/actions/all-actions.ts';
import { FORMS, PAGES } from '../../src/admin/pages/page-table.ts';
import type { Role } from '../../src/core/access.ts';
import { pagesUnderTest, session } from '../admin/pages-under-test.ts';
import { desk } from '../actions/desk.ts';
import { restServer } from './rest-server.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'auditor', 'admin', 'metrics'];
/** Written by hand: what the rest of the program is compared with. */
const MAY: Readonly<Record<string, string>> = {
  view: 'viewer operator auditor admin',
  operate: 'operator admin',
  audit: 'auditor admin',
  administer: 'admin',
  scrape: 'admin metrics',
};

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'access.md'), 'utf8');
const cells = [...page.matchAll(/^\| `(?<name>\w+\.\w+)` \| `(?<permission>\w+)` \| (?<cells>.*) \|.*\|$/gm)].map(
  ({ groups }) => ({ name: groups!['name']!, permission: groups!['permission']!, who: groups!['cells']!.split(' | ') }),
);
const may = (role: Role, name: string): boolean =>
  cells.find((each) => each.name === name)!.who[ROLES.indexOf(role)] === 'yes';

test('the page has every action, and its cells follow from the permission', () => {
  assert.deepEqual(
    cells.map(({ name }) => name),
    ACTIONS.map(({ name }) => name),
  );
  for (const { name, permission, who } of cells)
    assert.deepEqual(
      who,
      ROLES.map((role) => (MAY[permission]!.split(' ').includes(role) ? 'yes' : 'no')),
      name,
    );
});

/** Whether an action is refused for its role, and not for what was sent. */
const isRefused = (error: unknown): boolean =>
  error instanceof ActionError && error.code === 'forbidden' && error.message.includes('asks for the permission');

for (const role of ROLES)
  test(`actions: what a ${role} may run, and may not`, async () => {
    const on = await desk();
    const caller: Caller = { actor: { kind: 'person', name: role }, source: 'page', grants: [{ role }] };
    for (const { name } of ACTIONS) {
      const refused = await perform(actionNamed(name), { desk: on, caller, sent: {} }).then(() => false, isRefused);
      assert.equal(!refused, may(role, name), name);
    }
  });

for (const role of ROLES)
  test(`API: what a ${role} may ask, and may not`, async () => {
    const { ask } = await restServer();
    for (const { name, route } of ACTIONS) {
      const [method = '', path = ''] = route.split(' ');
      const { status, body } = await ask({
        method: method as 'GET',
        path: path.replaceAll(/\{\w+\}/g, 'x'),
        role,
        ...(method === 'POST' && { body: {} }),
      });
      const refused = status === 403 && String(body['detail']).includes('sks for the permission');
      // What fastify finds wrong in the path is said before the role is looked at, and nothing is run then.
      if (status !== 400) assert.equal(!refused, may(role, name), `${name}: ${status}`);
    }
  });

for (const role of ROLES)
  test(`pages: what a ${role} may see and send, and may not`, async (t) => {
    const { get, post } = await pagesUnderTest(t, { signedIn: session({ role }) });
    for (const { path, permission } of PAGES) {
      const { statusCode } = await get(path);
      assert.equal(statusCode !== 403, MAY[permission]!.split(' ').includes(role), `${path}: ${statusCode}`);
    }
    for (const { path, action } of FORMS) {
      const { statusCode, body } = await post(path, {});
      const refused = statusCode === 403 && body.includes('sks for the permission');
      assert.equal(!refused, may(role, action), `${path}: ${statusCode}`);
    }
  });
