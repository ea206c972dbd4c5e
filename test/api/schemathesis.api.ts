/**
 * `npm run api`: the API of a started server, with the token of each role, by Schemathesis, which sends what the document allows and
 * what it does not; and one request for each operation that must be answered with 200.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { ACTIONS } from '../../src/actions/all-actions.ts';
import { REST_PREFIX } from '../../src/rest/rest-plugin.ts';
import { routeOf } from '../../src/rest/rest-schemas.ts';
import { ROLES } from '../../src/core/access.ts';
import { FOLDER } from '../wiring/files.ts';
import { tokenOf } from '../wiring/operators.ts';
import { apiServer } from './api-server.ts';
import { type Json, REQUESTS } from './operations.ts';

const PROGRAM = join(import.meta.dirname, 'target/bin/schemathesis');

/** What is meant: a rule that no schema can say refuses what the schema allows, and many wrong tokens get 429. */
const LEFT_OUT = ['positive_data_acceptance', 'ignored_auth'];

/** What the API refuses before it looks at the schema is refused too: a body that is too large. */
const SETTINGS = '[checks.negative_data_rejection]\nexpected-statuses = ["4xx"]\n';

/** They need a proposal, and a person: test/wiring/two-persons.test.ts. */
const OF_PERSONS = ['proposals.confirm', 'proposals.withdraw'];

let server: Awaited<ReturnType<typeof apiServer>>;
before(async () => {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is not there: .ci/run installs it from test/api/requirements.txt.`);
  server = await apiServer();
});

const headersOf = (role: string): Record<string, string> => ({ authorization: `Bearer ${tokenOf(role)}` });

test('every operation answers a right request of an administrator with 200', async () => {
  const asked = ACTIONS.map(({ name }) => name).filter((name) => !OF_PERSONS.includes(name));
  assert.deepEqual(Object.keys(REQUESTS).toSorted(), asked.toSorted());
  const answers = new Map<string, Json>();
  for (const [name, row] of Object.entries(REQUESTS)) {
    const { path, body } = row({ ...server, answers });
    const { method } = routeOf(ACTIONS.find((each) => each.name === name)!);
    const response = await fetch(`${server.running.adminUrl}${REST_PREFIX}${path}`, {
      method,
      headers: { ...headersOf('admin'), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, `${name}: ${text}`);
    answers.set(name, JSON.parse(text) as Json);
  }
});

for (const role of ROLES)
  test(`what Schemathesis sends with the token of the role ${role} is answered as the document says`, async (context) => {
    const cwd = join(FOLDER, `schemathesis-${role}`);
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'schemathesis.toml'), SETTINGS);
    const { stdout } = await promisify(execFile)(PROGRAM, argumentsFor(role), { cwd, maxBuffer: 1 << 26 }).catch(
      (error: { stdout?: string; message: string }) =>
        assert.fail((error.stdout ?? error.message).replaceAll(/.{400,}/g, (line) => `${line.slice(0, 400)}…`)),
    );
    context.diagnostic(stdout.match(/^.*generated.*$/m)?.[0] ?? stdout);
  });

/** `metrics` may do nothing: every answer is 403, which is what it is for. */
const argumentsFor = (role: string): string[] =>
  [
    ['run', `${server.running.adminUrl}${REST_PREFIX}/openapi.json`],
    ['--header', `Authorization: Bearer ${tokenOf(role)}`],
    ['--checks', 'all', '--exclude-checks', LEFT_OUT.join()],
    ['--phases', 'examples,coverage,fuzzing', '--max-examples', '15', '--seed', '1'],
    ['--warnings', 'off', '--no-color'],
  ].flat();
