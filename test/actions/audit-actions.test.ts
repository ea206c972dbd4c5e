/** The history by actions: who reads what of it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { deskWithCertificates, run } from './certificates-under-test.ts';

type Entries = { entries: { event: string; by?: string; why?: string; endpoint?: string }[]; next?: string };
const AUDITOR: RoleGrant = { role: 'auditor' };
const events = ({ entries }: Entries): string[] => entries.map(({ event, endpoint = '-' }) => `${event} ${endpoint}`);

async function deskWithHistory() {
  const on = await deskWithCertificates();
  await run('blocks.add', { on, grant: { role: 'admin' }, sent: { name: 'user:bob@example.com', comment: '=1+1' } });
  return on;
}

test('an auditor reads who did what and why, page by page and by filters', async () => {
  const on = await deskWithHistory();
  const first = await run<Entries>('audit.list', { on, grant: AUDITOR, sent: { limit: 2 } });
  assert.deepEqual(events(first), ['blocked -', 'issued /b']);
  const second = await run<Entries>('audit.list', { on, grant: AUDITOR, sent: { limit: 9, cursor: first.next } });
  assert.deepEqual(events(second), ['issued /a', 'issued /b', 'issued /a']);
  for (const sent of [
    { notable: true },
    { by: 'ADA' },
    { actor: 'person' },
    { event: 'blocked' },
    { why: 'bob@' },
    { source: 'page' },
  ]) {
    const { entries } = await run<Entries>('audit.list', { on, grant: AUDITOR, sent });
    assert.deepEqual(
      entries.map(({ by, why }) => `${by}: ${why}`),
      ['ada: user:bob@example.com (=1+1)'],
      JSON.stringify(sent),
    );
  }
  assert.deepEqual(events(await run('audit.list', { on, grant: AUDITOR, sent: { before: '2026-01-01' } })), []);
});

test('an auditor of one endpoint sees only its entries, and nobody else sees any', async () => {
  const on = await deskWithHistory();
  const limited = await run<Entries>('audit.list', { on, grant: { role: 'auditor', endpoints: ['/a'] } });
  assert.deepEqual(events(limited), ['issued /a', 'issued /a']);
  const ofOther = await run<Entries>('audit.list', { on, grant: { role: 'auditor', authorities: ['other'] } });
  assert.deepEqual(events(ofOther), ['issued /b']);
  for (const role of ['viewer', 'operator', 'metrics'] as const)
    await assert.rejects(run('audit.list', { on, grant: { role } }), { code: 'forbidden' });
});

test('an export has a line for each entry, and no formula', async () => {
  const on = await deskWithHistory();
  const { text } = await run<{ text: string }>('audit.export', { on, grant: AUDITOR, sent: { form: 'csv', limit: 1 } });
  assert.equal(
    text,
    'at,event,by,actor,from,source,endpoint,serial,issuerId,transactionId,why,challenge\r\n' +
      '2026-03-01T12:00:00.000Z,blocked,ada,person,192.0.2.1,page,,,,,user:bob@example.com (=1+1),\r\n',
  );
  const json = await run<{ text: string }>('audit.export', {
    on,
    grant: AUDITOR,
    sent: { form: 'json', notable: true },
  });
  assert.equal((JSON.parse(json.text) as { event: string }).event, 'blocked');
});

test('the chain over the history is verified for those who may see all of it', async () => {
  const on = await deskWithHistory();
  await on.store.chainAudit({ limit: 100, random: (length) => randomBytes(length) });
  let pauses = 0;
  const pausing = { ...on, pause: async () => void pauses++ };
  const report = await run<{ whole: boolean; faults: string[]; links: number }>('audit.verify', {
    on: pausing,
    grant: AUDITOR,
  });
  assert.deepEqual([report.whole, report.faults, report.links], [true, [], 5]);
  assert.equal(pauses, 2);
  const limited = run('audit.verify', { on, grant: { role: 'auditor', endpoints: ['/a'] } });
  await assert.rejects(limited, { code: 'forbidden' });
});

test('the history is read once for all who ask at the same time, and again for who asks later', async () => {
  const on = await deskWithHistory();
  await on.store.chainAudit({ limit: 100, random: (length) => randomBytes(length) });
  let readings = 0;
  const unchained = { value: (limit: number) => (readings++, on.store.unchained(limit)) };
  const counting: Desk = { ...on, store: Object.create(on.store, { unchained }) as Desk['store'] };
  const verify = () => run<{ whole: boolean; links: number }>('audit.verify', { on: counting, grant: AUDITOR });
  const reports = await Promise.all([verify(), verify(), verify()]);
  assert.deepEqual(
    reports.map(({ whole, links }) => [whole, links]),
    [
      [true, 5],
      [true, 5],
      [true, 5],
    ],
  );
  assert.equal(readings, 1);
  await verify();
  assert.equal(readings, 2);
});
