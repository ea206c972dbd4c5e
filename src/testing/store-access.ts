/** The contract of a Store for sessions, second factors, and actions that wait for a second person. */
import assert from 'node:assert/strict';
import type { StoredProposal } from '../core/proposal-store.ts';
import type { AuditEntry } from '../core/records.ts';
import type { StoredSession } from '../core/session-store.ts';
import { type Check, recorded } from './opened-store.ts';
import { issuanceFor, later, NOON } from './store-samples.ts';

const entry = (event: AuditEntry['event']): AuditEntry => ({
  at: NOON,
  event,
  endpoint: '',
  transactionId: '',
  actor: { kind: 'person', name: 'ada', address: '203.0.113.7' },
  source: 'page',
  detail: event,
});

const session = (id: string, startedAt = NOON, seenAt = startedAt): StoredSession => ({
  id,
  method: 'oidc',
  name: 'ada',
  basis: ['viewer', 'auditor'],
  startedAt,
  seenAt,
});

const proposal = (id: string, at: Date): StoredProposal => ({
  id,
  action: 'certificates.revoke',
  input: { all: true, names: ['ä'] },
  by: { kind: 'person', name: 'ada' },
  source: 'page',
  grants: [{ role: 'operator', endpoints: ['a'] }],
  at,
  until: new Date(at.getTime() + 60_000),
});

/** None has ended. */
const NONE = { started: later(-1), seen: later(-1) };

/** Declares them. */
export function access(check: Check): void {
  check('a session is found until it is ended, once, each with its line of history', async ({ store }) => {
    await store.addSession(session('a'), entry('logged-in'), NONE);
    assert.deepEqual(await store.findSession('a'), session('a'));
    assert.equal(await store.findSession('b'), undefined);
    await store.seeSession('a', later(60));
    assert.deepEqual(await store.findSession('a'), session('a', NOON, later(60)));
    assert.equal(await store.endSession('a', entry('logged-out')), true);
    assert.equal(await store.endSession('a', entry('logged-out')), false);
    assert.equal(await store.findSession('a'), undefined);
    await store.noteFailedLogin(entry('login-failed'));
    const expected = [entry('login-failed'), entry('logged-out'), entry('logged-in')];
    assert.deepEqual(await store.listAudit({}), expected);
  });

  check('an entry of its own, and the last backup with its entry', async ({ store }) => {
    assert.equal(await store.lastBackup(), undefined);
    await store.addEntry(entry('message-tested'));
    await store.recordBackup(later(60), entry('backed-up'));
    await store.recordBackup(later(90), entry('backed-up'));
    assert.deepEqual(await store.lastBackup(), later(90));
    assert.deepEqual(await store.listAudit({}), [entry('backed-up'), entry('backed-up'), entry('message-tested')]);
  });

  check('an entry of its own that names a certificate is in the history of that one', async ({ store }) => {
    const { certificate } = issuanceFor(1);
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2));
    const { issuerId, serial } = certificate;
    await store.addEntry({ ...entry('key-recovered'), issuerId, serial });
    const events = async (id: { issuerId: string; serial: string }) =>
      (await store.listAudit({ certificate: id })).map(({ event }) => event);
    assert.equal((await events({ issuerId, serial }))[0], 'key-recovered');
    const other = issuanceFor(2).certificate;
    assert.ok(!(await events({ issuerId: other.issuerId, serial: other.serial })).includes('key-recovered'));
    await store.addEntry({ ...entry('key-recovered'), issuerId, serial: 'ffff' });
    assert.equal((await events({ issuerId, serial })).filter((event) => event === 'key-recovered').length, 1);
  });

  check('after a restore nobody is logged in, and no action waits for a second person', async ({ store }) => {
    await store.addSession(session('a'), entry('logged-in'), NONE);
    await store.addProposal(proposal('p', NOON), entry('proposed'));
    await store.beginAgain(entry('restored'));
    assert.equal(await store.findSession('a'), undefined);
    assert.equal(await store.findProposal('p'), undefined);
  });

  check('a login removes sessions that began or were seen too long ago', async ({ store }) => {
    await store.addSession(session('began', NOON, later(90)), entry('logged-in'), NONE);
    await store.addSession(session('idle', later(50), later(60)), entry('logged-in'), NONE);
    await store.addSession(session('kept', later(50), later(80)), entry('logged-in'), NONE);
    const ended = { started: later(50), seen: later(80) };
    await store.addSession(session('new', later(100)), entry('logged-in'), ended);
    const found = await Promise.all(['began', 'idle', 'kept', 'new'].map((id) => store.findSession(id)));
    assert.deepEqual(
      found.map((each) => each?.id),
      [undefined, undefined, 'kept', 'new'],
    );
  });

  check('the code of a time step is used once by each user, and no earlier one afterwards', async ({ store }) => {
    assert.equal(await store.useLoginCode('ada', 100), true);
    assert.equal(await store.useLoginCode('ada', 100), false);
    assert.equal(await store.useLoginCode('ada', 99), false);
    assert.equal(await store.useLoginCode('bob', 100), true);
    const results = await Promise.all([101, 101, 101].map((step) => store.useLoginCode('ada', step)));
    assert.deepEqual(results.filter(Boolean), [true]);
  });

  check('a proposal is listed until it expires, and taken once', async ({ store }) => {
    await store.addProposal(proposal('p1', NOON), entry('proposed'));
    await store.addProposal(proposal('p2', later(30)), entry('proposed'));
    assert.deepEqual(await store.listProposals(later(40)), [proposal('p1', NOON), proposal('p2', later(30))]);
    assert.deepEqual(await store.listProposals(later(60)), [proposal('p2', later(30))]);
    assert.deepEqual(await store.findProposal('p1'), proposal('p1', NOON));
    const taken = await Promise.all(['p2', 'p2'].map((id) => store.takeProposal(id, entry('confirmed'))));
    assert.deepEqual(taken.toSorted(), [false, true]);
    assert.equal(await store.findProposal('p2'), undefined);
    await store.addProposal(proposal('p3', later(60)), entry('proposed'));
    assert.equal(await store.findProposal('p1'), undefined);
    const events = (await store.listAudit({})).map(({ event }) => event);
    assert.deepEqual(events, ['proposed', 'confirmed', 'proposed', 'proposed']);
  });
}
