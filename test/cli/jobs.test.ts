/** `openndes jobs` beside a running server, and after it has ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { installed } from '../app/installation.ts';
import { until } from '../kit/until.ts';

const MOMENT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`;

test('jobs: what the server has run, as a table and as JSON, with and without the server', async (t) => {
  const { cli, config, folder, started } = await installed(t);
  assert.deepEqual(await cli('jobs'), {
    code: 0,
    out: 'JOB  STATE  LAST RUN  DUE  OWNER  LAST ERROR',
    err: `note: there is no store at ${folder}/openndes.db yet; \`openndes serve\` creates it`,
  });
  assert.equal((await cli('jobs', '--json')).out, '[]');

  const { close } = await started();
  const all = async () => JSON.parse((await cli('jobs', '--json')).out) as Record<string, string>[];
  const listed = await until(async () => {
    const jobs = await all();
    return jobs.length === 10 && jobs.every(({ lastRun }) => lastRun) && jobs;
  }, 'the first run of every job');
  const [, cleanUp, , notifications] = listed;
  for (const [job, every] of [
    [cleanUp!, 60],
    [notifications!, 5],
  ] as const) {
    assert.deepEqual(Object.keys(job), ['name', 'state', 'lastRun', 'due']);
    const wait = Date.parse(job['due']!) - Date.parse(job['lastRun']!);
    assert.ok(wait > (every - 2) * 1_000 && wait <= every * 1_000, `due ${wait} ms after the run`);
  }
  assert.match(
    (await cli('jobs')).out,
    new RegExp(
      `^JOB .*\\naudit-chain +(?:waiting|running)  ${MOMENT}  .*\\nclean-up +waiting  ${MOMENT}  ${MOMENT}  - +-\\ncommand-revocations +(?:waiting|running)  ${MOMENT}  .*\\n` +
        `notifications +(?:waiting|running)  ${MOMENT}  .*\\nold-attempts +(?:waiting|running)  ${MOMENT}  .*\\nold-records +(?:waiting|running)  ${MOMENT}  .*\\norders +(?:waiting|running)  ${MOMENT}  .*\\nrevocations +(?:waiting|running)  ${MOMENT}  .*\\n` +
        `tenants +(?:waiting|running)  ${MOMENT}  .*\\nwatch +(?:waiting|running)  ${MOMENT}  .*$`,
    ),
  );

  await close();
  const store = await openConfiguredStore(config);
  const claim = await store.claimJob({ name: 'clean-up', owner: '0123456789abcdef', leaseMs: 60_000 });
  await store.finishJob({
    name: 'clean-up',
    owner: '0123456789abcdef',
    fence: claim!.fence,
    dueAt: new Date('2026-01-02T03:04:05.678Z'),
    error: 'disk\u001b[31m full',
  });
  await store.claimJob({ name: 'notifications', owner: '0123456789abcdef', leaseMs: 60_000 });
  await store.close();
  assert.match(
    (await cli('jobs')).out,
    new RegExp(
      `\\nclean-up +overdue  ${MOMENT}  2026-01-02T03:04:05  - +disk\\\\u\\{1b\\}\\[31m full\\ncommand-revocations .*\\n` +
        `notifications +running  ${MOMENT}  - +01234567  -\\n`,
    ),
  );
});
