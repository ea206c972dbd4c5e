/** Certificates by actions: what each caller finds, reads and takes back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Desk, perform } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import type { CertificateId } from '../../src/core/records.ts';
import { ada, deskWithCertificates, OTHER_ISSUER, recordRenewal, run } from './certificates-under-test.ts';

type Row = { issuerId: string; serial: string; state: string; subject: string; endpoint: string };
type Count = { number: number; more: boolean };
type List = { certificates: Row[]; next?: string; counts?: Record<string, Count> };
type Details = {
  certificate: Row;
  authority?: string;
  der?: string;
  decoded?: { key: string; names: { kind: string; value: string }[]; extensions: { name: string }[] };
  revocation: { status: string; why?: string; list: number };
  renewals: Row[];
  history: { event: string; by?: string; from?: string; why?: string; source: string }[];
};

const subjects = ({ certificates }: List): string[] => certificates.map(({ subject }) => subject);
const VIEWER: RoleGrant = { role: 'viewer' };
const OPERATOR: RoleGrant = { role: 'operator' };

describe('a list of certificates', () => {
  test('has the newest first, with counts by state on the first page only', async () => {
    const on = await deskWithCertificates();
    const first = await run<List>('certificates.list', { on, grant: VIEWER, sent: { limit: 3 } });
    assert.deepEqual(subjects(first), ['CN=device-4', 'CN=device-3', 'CN=device-2']);
    const of = (number: number): Count => ({ number, more: false });
    assert.deepEqual(first.counts, { issued: of(0), delivered: of(4), expired: of(0), revoked: of(0) });
    const second = await run<List>('certificates.list', { on, grant: VIEWER, sent: { limit: 3, cursor: first.next } });
    assert.deepEqual(subjects(second), ['CN=device-1']);
    assert.equal(second.counts, undefined);
    assert.equal(second.next, undefined);
  });

  test('is found by name, serial number, thumbprint, endpoint, authority and end', async () => {
    const on = await deskWithCertificates();
    const { certificates } = await run<{ certificates: (Row & { thumbprint: string })[] }>('certificates.list', {
      on,
      grant: VIEWER,
    });
    const two = certificates[2]!;
    for (const [sent, expected] of [
      [{ q: 'DEVICE-2' }, ['CN=device-2']],
      [{ q: 'upn:user2@' }, ['CN=device-2']],
      [{ q: 'dns:device-2' }, []],
      [{ q: `0x${two.serial}` }, ['CN=device-2']],
      [{ q: '10:0' }, ['CN=device-4', 'CN=device-3', 'CN=device-2', 'CN=device-1']],
      [{ q: two.thumbprint.replace(/..(?=.)/g, '$&:') }, ['CN=device-2']],
      [{ subject: 'EVICE-3' }, ['CN=device-3']],
      [{ endpoint: '/b' }, ['CN=device-4', 'CN=device-2']],
      [{ endpoint: '/b', authority: 'other' }, ['CN=device-4']],
      [{ authority: OTHER_ISSUER.slice(0, 8) }, ['CN=device-4']],
      [{ authority: 'b' }, []],
      [{ endpoint: '/unknown' }, []],
      [{ state: 'expired' }, []],
      [{ expiresWithin: 1 }, []],
      [{ expiresFrom: '2026-03-01', expiresBefore: '2099-01-01', q: 'device-1' }, ['CN=device-1']],
      [{ issuedBefore: '2026-01-01' }, []],
    ] as const)
      assert.deepEqual(
        subjects(await run<List>('certificates.list', { on, grant: VIEWER, sent })),
        expected,
        JSON.stringify(sent),
      );
  });

  test('and its counts have nothing that is out of reach', async () => {
    const on = await deskWithCertificates();
    for (const [grant, expected] of [
      [{ role: 'viewer', endpoints: ['/b'] }, ['CN=device-4', 'CN=device-2']],
      [{ role: 'viewer', authorities: ['other'] }, ['CN=device-4']],
      [{ role: 'viewer', endpoints: ['/a'], authorities: ['other'] }, []],
      [{ role: 'viewer', tenants: ['contoso'] }, []],
      [{ role: 'auditor', endpoints: ['/a'] }, ['CN=device-3', 'CN=device-1']],
    ] as const) {
      const list = await run<List>('certificates.list', { on, grant });
      assert.deepEqual(subjects(list), expected, JSON.stringify(grant));
      assert.equal(list.counts?.['delivered']?.number, expected.length);
      const searched = await run<List>('certificates.list', { on, grant, sent: { q: 'device-' } });
      assert.deepEqual(subjects(searched), expected);
    }
  });

  test('refuses a cursor that is none, and who collects metrics', async () => {
    const on = await deskWithCertificates();
    const wrong = run('certificates.list', { on, grant: VIEWER, sent: { cursor: "n1' or 1" } });
    await assert.rejects(wrong, { code: 'invalid', status: 400 });
    await assert.rejects(run('certificates.list', { on, grant: { role: 'metrics' } }), { code: 'forbidden' });
  });
});

test('an export has the same certificates, and a spreadsheet computes nothing of it', async () => {
  const on = await deskWithCertificates();
  const first = await run<{ text: string; next?: string }>('certificates.export', {
    on,
    grant: { role: 'viewer', endpoints: ['/a'] },
    sent: { form: 'csv', limit: 1 },
  });
  const [heading, row, ...rest] = first.text.split('\r\n');
  assert.match(heading!, /^serial,state,subject,san,issuer,endpoint,/);
  assert.match(row!, /,delivered,CN=device-3,/);
  assert.deepEqual(rest, ['']);
  const second = await run<{ text: string; next?: string }>('certificates.export', {
    on,
    grant: { role: 'viewer', endpoints: ['/a'] },
    sent: { form: 'json', limit: 9, cursor: first.next },
  });
  const line = JSON.parse(second.text) as { subject: string; der: string };
  assert.equal(line.subject, 'CN=device-1');
  assert.ok(line.der.length > 300);
});

test('one certificate is shown with its content, its history and what verifiers are told', async () => {
  const on = await deskWithCertificates();
  const [{ issuerId: issuer, serial }] = (
    await run<{ certificates: [Row] }>('certificates.list', { on, grant: VIEWER, sent: { q: 'device-1' } })
  ).certificates;
  const details = await run<Details>('certificates.read', {
    on,
    grant: VIEWER,
    sent: { issuer: issuer.slice(0, 10), serial },
  });
  assert.equal(details.certificate.subject, 'CN=device-1');
  assert.deepEqual(details.decoded?.names[0], { kind: 'cn', value: 'device-1' });
  assert.ok(details.decoded?.extensions.some(({ name }) => name === 'keyUsage'));
  assert.deepEqual(details.revocation, { status: 'good', list: 0, published: 0 });
  assert.deepEqual(
    details.history.map(({ event }) => event),
    ['issued'],
  );
  const outside = run('certificates.read', {
    on,
    grant: { role: 'viewer', endpoints: ['/b'] },
    sent: { issuer, serial },
  });
  await assert.rejects(outside, { code: 'not_found', status: 404 });
});

describe('an operator', () => {
  const named = async (on: Awaited<ReturnType<typeof deskWithCertificates>>, q: string) => {
    const [{ issuerId: issuer, serial }] = (
      await run<{ certificates: [Row] }>('certificates.list', { on, grant: VIEWER, sent: { q } })
    ).certificates;
    return { issuer, serial };
  };

  test('holds, releases and revokes a certificate, and the history says who, from where and why', async () => {
    const on = await deskWithCertificates();
    const name = await named(on, 'device-1');
    await run('certificates.hold', { on, grant: OPERATOR, sent: { ...name, why: 'lost' } });
    const held = await run<Details>('certificates.read', { on, grant: VIEWER, sent: name });
    assert.deepEqual(
      [held.certificate.state, held.revocation.status, held.revocation.why],
      ['revoked', 'revoked', 'certificateHold'],
    );
    await run('certificates.release', { on, grant: OPERATOR, sent: name });
    await assert.rejects(run('certificates.release', { on, grant: OPERATOR, sent: name }), {
      code: 'conflict',
      status: 409,
    });
    const sent = { ...name, reason: 'keyCompromise', why: 'found on a forum', block: true };
    const revoked = await run<{ revoked: number }>('certificates.revoke', { on, grant: OPERATOR, sent });
    assert.equal(revoked.revoked, 1);
    await assert.rejects(run('certificates.revoke', { on, grant: OPERATOR, sent }), { code: 'conflict' });
    const { history } = await run<Details>('certificates.read', { on, grant: VIEWER, sent: name });
    const [last] = history;
    assert.deepEqual(last, {
      ...last,
      event: 'revoked',
      by: 'ada',
      from: '192.0.2.1',
      source: 'page',
      why: 'keyCompromise (found on a forum)',
    });
    assert.equal((await on.store.listBlocks()).length, 3);
  });

  test('takes nothing back that is out of reach, and a viewer and an auditor take back nothing', async () => {
    const on = await deskWithCertificates();
    const name = await named(on, 'device-1');
    for (const action of ['revoke', 'hold', 'release', 'block'] as const) {
      for (const role of ['viewer', 'auditor', 'metrics'] as const)
        await assert.rejects(
          run(`certificates.${action}`, { on, grant: { role }, sent: name }),
          { code: 'forbidden' },
          role,
        );
      const other = run(`certificates.${action}`, { on, grant: { role: 'operator', endpoints: ['/b'] }, sent: name });
      await assert.rejects(other, { code: action === 'block' ? 'forbidden' : 'not_found' }, action);
    }
    const { counts } = await run<List>('certificates.list', { on, grant: VIEWER });
    assert.equal(counts?.['revoked']?.number, 0);
  });

  test('revokes what a filter finds after a preview, and only those', async () => {
    const on = await deskWithCertificates();
    const grant: RoleGrant = { role: 'operator', endpoints: ['/a'] };
    const filter = { q: 'device-' };
    const preview = await run<{ count: number; digest: string; first: Row[] }>('certificates.previewRevocation', {
      on,
      grant,
      sent: filter,
    });
    assert.equal(preview.count, 2);
    assert.deepEqual(
      preview.first.map(({ subject }) => subject),
      ['CN=device-3', 'CN=device-1'],
    );
    const { digest } = preview;
    const wrong = run('certificates.revokeMany', { on, grant, sent: { filter, digest, confirm: 3 } });
    await assert.rejects(wrong, { code: 'invalid' });
    const wider = run('certificates.revokeMany', { on, grant: OPERATOR, sent: { filter, digest, confirm: 2 } });
    await assert.rejects(wider, { code: 'conflict' });
    const done = await run('certificates.revokeMany', {
      on,
      grant,
      sent: { filter, digest, confirm: 2, reason: 'superseded' },
    });
    assert.deepEqual(done, { revoked: 2, already: 0, validRenewals: 0 });
    const again = run('certificates.revokeMany', { on, grant, sent: { filter, digest, confirm: 2 } });
    await assert.rejects(again, { code: 'conflict' });
    const left = await run<List>('certificates.list', { on, grant: VIEWER, sent: { state: 'delivered' } });
    assert.deepEqual(subjects(left), ['CN=device-4', 'CN=device-2']);
  });

  test('tells the log how many it revoked and why, also when the store fails at a later one, and nothing for none', async () => {
    const events: unknown[] = [];
    const on: Desk = { ...(await deskWithCertificates()), emit: (event) => events.push(event) };
    const name = await named(on, 'device-1');
    await run('certificates.hold', { on, grant: OPERATOR, sent: name });
    await run('certificates.revoke', { on, grant: OPERATOR, sent: { ...name, reason: 'keyCompromise' } });
    await assert.rejects(run('certificates.revoke', { on, grant: OPERATOR, sent: name }), { code: 'conflict' });
    const told = { event: 'certificates-revoked', source: 'page', number: 1 };
    assert.deepEqual(events.splice(0), [
      { ...told, reason: 'certificateHold' },
      { ...told, reason: 'keyCompromise' },
    ]);
    const findRenewals = { value: () => Promise.reject(new Error('the disk is full')) };
    const failing = Object.create(on.store, { findRenewals }) as Desk['store'];
    const sent = await named(on, 'device-3');
    await assert.rejects(run('certificates.revoke', { on: { ...on, store: failing }, grant: OPERATOR, sent }), {
      message: 'the disk is full',
    });
    assert.deepEqual(events, [{ ...told, reason: 'unspecified' }]);
  });

  test('revokes and counts the renewals that are in reach, and no others', async () => {
    const on = await deskWithCertificates();
    const name = await named(on, 'device-1');
    const of = { issuerId: name.issuer, serial: name.serial };
    await recordRenewal(on, 5, { endpoint: '/b', of });
    const limited: RoleGrant = { role: 'operator', endpoints: ['/a'] };
    await recordRenewal(on, 7, { endpoint: '/a', of });
    const filter = { q: 'device-1' };
    const { digest } = await run<{ digest: string }>('certificates.previewRevocation', {
      on,
      grant: limited,
      sent: filter,
    });
    const many = { filter, digest, confirm: 1 };
    const done = await run('certificates.revokeMany', { on, grant: limited, sent: many });
    assert.deepEqual(done, { revoked: 1, already: 0, validRenewals: 1 });
    const renewal = await named(on, 'device-7');
    await recordRenewal(on, 9, { endpoint: '/b', of: { issuerId: renewal.issuer, serial: renewal.serial } });
    const sent = { ...renewal, withRenewals: true };
    const one = await run<{ revoked: number }>('certificates.revoke', { on, grant: limited, sent });
    assert.equal(one.revoked, 1);
    const left = await run<List>('certificates.list', { on, grant: VIEWER, sent: { state: 'delivered' } });
    assert.deepEqual(subjects(left).toSorted(), [
      'CN=device-2',
      'CN=device-3',
      'CN=device-4',
      'CN=device-5',
      'CN=device-9',
    ]);
  });

  test('revokes what ends within some days, some moments after the preview', async () => {
    const on = await deskWithCertificates();
    const filter = { expiresWithin: 36_500 };
    const preview = await run<{ count: number; digest: string }>('certificates.previewRevocation', {
      on,
      grant: OPERATOR,
      sent: filter,
    });
    assert.equal(preview.count, 4);
    const later = { ...on, clock: () => new Date(on.clock().getTime() + 5_000) };
    const sent = { filter, digest: preview.digest, confirm: 4 };
    const done = await run<{ revoked: number }>('certificates.revokeMany', { on: later, grant: OPERATOR, sent });
    assert.equal(done.revoked, 4);
  });

  test('does not revoke by an empty filter, and not more than a hundred without a second person', async () => {
    const on = await deskWithCertificates();
    await assert.rejects(run('certificates.previewRevocation', { on, grant: OPERATOR, sent: {} }), { code: 'invalid' });
    const proposed: unknown[] = [];
    const two = { ...on, secondPerson: { propose: async (each: unknown) => `${proposed.push(each)}` } };
    const asked = (confirm: number) =>
      perform(actionNamed('certificates.revokeMany'), {
        desk: two,
        caller: ada(OPERATOR),
        sent: { filter: { q: 'device-' }, digest: '0'.repeat(64), confirm },
      });
    await assert.rejects(asked(100), { code: 'conflict' });
    assert.deepEqual(await asked(101), { kind: 'proposed', id: '1' });
  });

  test('revocations of one person within an hour add up, with renewals; those of two persons do not count', async () => {
    const on = await deskWithCertificates();
    const [first] = await on.store.findCertificatesBySerial('1001');
    const [second] = await on.store.findCertificatesBySerial('1002');
    for (let n = 10; n < 109; n++) await recordRenewal(on, n, { endpoint: '/a', of: first! });
    const two = { ...on, secondPerson: { propose: async () => 'proposed' } };
    const revoke = async ({ issuerId: issuer, serial }: CertificateId, sent: object = {}, at = two.clock()) =>
      (
        await perform(actionNamed('certificates.revoke'), {
          desk: { ...two, clock: () => at },
          caller: ada(OPERATOR),
          sent: { issuer, serial, ...sent },
        })
      ).kind;
    assert.equal(await revoke(second!), 'done');
    assert.equal(await revoke(first!, { withRenewals: true }), 'proposed');
    const named = (name: string) => ({ ...ada(OPERATOR), actor: { kind: 'person' as const, name } });
    const sent = { issuer: first!.issuerId, serial: first!.serial, withRenewals: true };
    const both = { desk: on, caller: named('ada (proposed by bob)'), sent };
    assert.equal((await perform(actionNamed('certificates.revoke'), both)).kind, 'done');
    for (let n = 110; n < 210; n++) await recordRenewal(on, n, { endpoint: '/a', of: second! });
    const renewals = await on.store.findRenewals(second!);
    for (const each of renewals.slice(0, 99)) assert.equal(await revoke(each), 'done');
    assert.equal(await revoke(renewals[99]!), 'proposed');
    const hold = { issuer: renewals[99]!.issuerId, serial: renewals[99]!.serial };
    const held = await perform(actionNamed('certificates.hold'), { desk: two, caller: ada(OPERATOR), sent: hold });
    assert.equal(held.kind, 'proposed');
    const later = new Date(two.clock().getTime() + 3_600_001);
    assert.equal(await revoke(renewals[99]!, {}, later), 'done');
  });
});
