/** What is wrong now, for each caller as far as the role reaches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perform } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { seenCondition } from '../../src/core/condition.ts';
import { desk } from './desk.ts';

const TENANT = seenCondition('tenant-unusable', {
  of: 'corp',
  what: 'The tenant corp cannot be used',
  remedy: 'Renew the secret.',
  subject: { kind: 'tenant', name: 'corp' },
});
const OUTBOX = seenCondition('outbox-old', { what: '3 notifications wait in the outbox' });

async function seenBy(grant: RoleGrant) {
  const on = await desk();
  await on.store.recordConditions({ server: 'one', seen: [OUTBOX, TENANT], alone: true, closes: true });
  const caller = { actor: { kind: 'person', name: 'ada' }, source: 'page', grants: [grant] } as const;
  const done = await perform(actionNamed('conditions.list'), { desk: on, caller, sent: {} });
  assert.equal(done.kind, 'done');
  return done.kind === 'done' ? (done.output as { conditions: { id: string }[]; checkedAt: string }) : assert.fail();
}

test('a viewer sees what is wrong, since when and what to do', async () => {
  const { conditions, checkedAt } = await seenBy({ role: 'viewer' });
  assert.deepEqual(conditions[0], {
    id: 'tenant-unusable:corp',
    kind: 'tenant-unusable',
    severity: 'error',
    what: 'The tenant corp cannot be used',
    remedy: 'Renew the secret.',
    page: 'conditions.md#tenant-unusable',
    since: '2026-03-01T12:00:00.000Z',
    subject: { kind: 'tenant', name: 'corp' },
  });
  assert.deepEqual([conditions[1]?.id, checkedAt], ['outbox-old', '2026-03-01T12:00:00.000Z']);
});

test('who is limited to a tenant sees what is wrong with it alone', async () => {
  const ids = async (...tenants: string[]) =>
    (await seenBy({ role: 'viewer', tenants })).conditions.map(({ id }) => id);
  assert.deepEqual(await ids('corp'), ['tenant-unusable:corp']);
  assert.deepEqual(await ids('other'), []);
});
