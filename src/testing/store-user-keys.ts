/** The contract of a Store for keys of people. */
import assert from 'node:assert/strict';
import type { NewUserKey } from '../core/user-key-store.ts';
import type { Check } from './opened-store.ts';
import { later, NOON } from './store-samples.ts';

const KEY: NewUserKey = {
  id: 'a',
  tenant: 'contoso',
  userPrincipalName: 'Jane@Contoso.example',
  purpose: 'smimeEncryption',
  origin: 'made',
  state: 'wanted',
  at: NOON,
  dueAt: NOON,
};
const JOE = { userPrincipalName: 'joe@contoso.example' };
const ERASED = {
  event: 'erased',
  endpoint: '',
  transactionId: '',
  actor: { kind: 'person', name: 'ops' },
  source: 'cli',
} as const;
const CERTIFICATE = { issuerId: 'f'.repeat(64), serial: '0a' };

/** Declares them. */
export function userKeys(check: Check): void {
  check('a key of a person is kept with all that is known of it, also after a restart', async ({ store, reopen }) => {
    assert.equal(await store.addUserKey(KEY), true);
    assert.deepEqual(await store.findUserKey('a'), { ...KEY, tries: 0 });
    const more = {
      userId: '6f2b1c34-5d6e-4f70-8a9b-0c1d2e3f4a5b',
      certificate: CERTIFICATE,
      thumbprint: '01'.repeat(20),
      starts: NOON,
      ends: later(1000),
      escrow: '{"required":2}',
    };
    assert.equal(await store.changeUserKey('a', 'wanted', { state: 'issued', ...more }), true);
    const kept = { ...KEY, ...more, state: 'issued', tries: 0 };
    assert.deepEqual(await store.findUserKey('a'), kept);
    if (reopen) assert.deepEqual(await (await reopen()).findUserKey('a'), kept);
  });

  check(
    'of one user and purpose one key is under way; another user, purpose or tenant has its own',
    async ({ store }) => {
      await store.addUserKey(KEY);
      assert.equal(await store.addUserKey({ ...KEY, id: 'b', userPrincipalName: 'jane@contoso.EXAMPLE' }), false);
      assert.equal(await store.findUserKey('b'), undefined);
      const others = [
        { tenant: 'other' },
        { purpose: 'smimeSigning' },
        { userPrincipalName: 'joe@contoso.example' },
      ] as const;
      for (const [index, other] of others.entries())
        assert.equal(await store.addUserKey({ ...KEY, ...other, id: `other ${index}` }), true);
      await store.changeUserKey('a', 'wanted', { state: 'issued' });
      assert.equal(await store.addUserKey({ ...KEY, id: 'b' }), false, 'it is issued');
      await store.changeUserKey('a', 'issued', { state: 'imported' });
      assert.equal(await store.addUserKey({ ...KEY, id: 'b', renews: 'a' }), true);
      assert.equal((await store.findUserKey('b'))?.renews, 'a');
      assert.equal(await store.addUserKey({ ...KEY, id: 'c', state: 'imported' }), true, 'a file that is imported');
    },
  );

  check('who asked for a key is in the history when the key was added, and only then', async ({ store }) => {
    const entry = (detail: string) =>
      ({ ...ERASED, event: 'key-wanted', at: NOON, transactionId: 'pfx-a', detail }) as const;
    await store.addUserKey(KEY, entry('first'));
    await store.addUserKey({ ...KEY, id: 'b' }, entry('second'));
    const entries = await store.listAudit({});
    assert.deepEqual(
      entries.map(({ event, transactionId, detail }) => [event, transactionId, detail]),
      [['key-wanted', 'pfx-a', 'first']],
    );
  });

  check('a key changes only from the state that was seen', async ({ store }) => {
    await store.addUserKey(KEY);
    assert.equal(await store.changeUserKey('a', 'issued', { state: 'imported' }), false);
    assert.equal(await store.changeUserKey('b', 'wanted', { state: 'issued' }), false);
    assert.equal(await store.changeUserKey('a', 'wanted', { tries: 1, fault: 'no licence', dueAt: later(60) }), true);
    const failed = { ...KEY, tries: 1, fault: 'no licence', dueAt: later(60) };
    assert.deepEqual(await store.findUserKey('a'), failed);
    await store.changeUserKey('a', 'wanted', { state: 'issued', certificate: CERTIFICATE, fault: null });
    await store.changeUserKey('a', 'issued', { state: 'wanted', certificate: null });
    const { fault: _, ...mended } = failed;
    assert.deepEqual(await store.findUserKey('a'), mended);
  });

  check(
    'keys of people are listed by tenants, user, purpose, state, time and end, page after page',
    async ({ store }) => {
      const keys: NewUserKey[] = [
        { ...KEY, ends: later(100), state: 'imported' },
        { ...KEY, id: 'b', at: later(1), dueAt: later(50) },
        { ...KEY, id: 'c', at: later(1), tenant: 'other', state: 'failed' },
        { ...KEY, ...JOE, id: 'd', at: later(2), purpose: 'smimeSigning', ends: later(300), state: 'imported' },
      ];
      for (const key of keys.toReversed()) await store.addUserKey(key);
      const ids = async (filter: Parameters<typeof store.listUserKeys>[0]) =>
        (await store.listUserKeys(filter)).map(({ id }) => id).join('');
      assert.equal(await ids({}), 'abcd');
      assert.equal(await ids({ tenant: 'contoso' }), 'abd');
      assert.equal(await ids({ tenants: ['other', 'third'] }), 'c');
      assert.equal(await ids({ tenants: ['other', 'contoso'] }), 'abcd');
      assert.equal(await ids({ tenants: [] }), '');
      assert.equal(await ids({ purpose: 'smimeSigning' }), 'd');
      assert.equal(await ids({ user: 'JANE@contoso.example' }), 'abc');
      assert.equal(await ids({ states: ['imported', 'failed'] }), 'acd');
      assert.equal(await ids({ dueBy: NOON }), 'acd');
      assert.equal(await ids({ endsBefore: later(300) }), 'a');
      assert.equal(await ids({ limit: 2 }), 'ab');
      assert.equal(await ids({ limit: 2, after: { at: later(1), id: 'b' } }), 'cd');
    },
  );

  check(
    'keys that failed, and those whose certificates ended and that are not in escrow, are removed when they are old',
    async ({ store }) => {
      const keys: NewUserKey[] = [
        { ...KEY, state: 'failed' },
        { ...KEY, id: 'b', state: 'ended', ends: later(10) },
        { ...KEY, id: 'c', state: 'ended', ends: later(1000) },
        { ...KEY, id: 'd', state: 'imported', ends: later(10) },
        { ...KEY, id: 'e', state: 'failed', dueAt: later(1000) },
        { ...KEY, id: 'f', state: 'ended', ends: later(10), escrow: '{"required":2}' },
        { ...KEY, id: 'g', state: 'linked', ends: later(10) },
      ];
      for (const key of keys) await store.addUserKey(key);
      assert.equal(await store.removeUserKeys(later(100)), 3);
      assert.deepEqual(
        (await store.listUserKeys({})).map(({ id }) => id),
        ['c', 'd', 'e', 'f'],
        'what is in escrow stays',
      );
    },
  );

  check('the keys of a tenant are counted by their state', async ({ store }) => {
    const keys: NewUserKey[] = [
      KEY,
      { ...KEY, id: 'b', state: 'imported' },
      { ...KEY, id: 'c', state: 'imported', purpose: 'smimeSigning' },
      { ...KEY, id: 'd', state: 'failed', tenant: 'other' },
    ];
    for (const key of keys) await store.addUserKey(key);
    const none = { wanted: 0, issued: 0, imported: 0, failed: 0, ended: 0, linked: 0 };
    assert.deepEqual(await store.countUserKeys('contoso'), { ...none, wanted: 1, imported: 2 });
    assert.deepEqual(await store.countUserKeys('nobody'), none);
  });

  check('a key ends when so much of its life is left, and while no newer one is imported', async ({ store }) => {
    const life = { starts: NOON, ends: later(1000) };
    const keys: NewUserKey[] = [
      { ...KEY, ...life, id: 'old', state: 'imported' },
      { ...KEY, ...life, id: 'first', state: 'imported', userPrincipalName: 'joe@contoso.example', ends: later(990) },
      { ...KEY, ...life, id: 'file', state: 'imported', userPrincipalName: 'ann@contoso.example', origin: 'file' },
      { ...KEY, ...life, id: 'other', state: 'imported', tenant: 'other' },
      { ...KEY, ...life, id: 'done', state: 'ended', userPrincipalName: 'kim@contoso.example' },
    ];
    for (const key of keys) await store.addUserKey(key);
    const ending = async (at: number, limit = 10) =>
      (await store.endingUserKeys('contoso', { at: later(at), percent: 5, limit })).map(({ id }) => id);
    assert.deepEqual(await ending(940), []);
    assert.deepEqual(await ending(949), ['first']);
    assert.deepEqual(await ending(950), ['first', 'old']);
    assert.deepEqual(await ending(2000, 1), ['first']);
    const newer = {
      ...KEY,
      id: 'new',
      starts: later(800),
      ends: later(1800),
      userPrincipalName: 'JANE@contoso.example',
    };
    await store.addUserKey({ ...newer, state: 'wanted' });
    assert.deepEqual(await ending(950), ['first', 'old'], 'it is not imported yet');
    await store.changeUserKey('new', 'wanted', { state: 'imported' });
    assert.deepEqual(await ending(950), ['first']);
    await store.changeUserKey('first', 'imported', { revokedAt: later(1) });
    assert.deepEqual(await ending(950), [], 'its user has gone');
  });

  check(
    'a note about the keys of a tenant takes the place of the one before, and can be taken away',
    async ({ store }) => {
      await store.noteUserKeys('contoso', 'gone', '30 users');
      await store.noteUserKeys('contoso', 'followed', '2026-01-01T00:00:00.000Z');
      await store.noteUserKeys('contoso', 'gone', '31 users');
      await store.noteUserKeys('other', 'gone', 'others');
      assert.deepEqual(await store.userKeyNotes('contoso'), { gone: '31 users', followed: '2026-01-01T00:00:00.000Z' });
      await store.noteUserKeys('contoso', 'gone', null);
      await store.noteUserKeys('contoso', 'graph', null);
      assert.deepEqual(await store.userKeyNotes('contoso'), { followed: '2026-01-01T00:00:00.000Z' });
    },
  );

  check('erasing a person takes the keys that are in use no more, and what is in escrow', async ({ store }) => {
    await store.addUserKey({ ...KEY, state: 'imported', ends: later(10), escrow: '{"required":2}' });
    await store.addUserKey({ ...KEY, id: 'b', state: 'imported', ends: later(1000) });
    await store.addUserKey({ ...KEY, id: 'c', state: 'failed' });
    await store.addUserKey({ ...KEY, id: 'd', userPrincipalName: 'joe@contoso.example', state: 'failed' });
    const person = 'jane@contoso.example';
    const { keys } = await store.findPerson(person);
    assert.deepEqual(
      keys.map((key) => [key.id, 'escrow' in key]),
      [
        ['a', false],
        ['b', false],
        ['c', false],
      ],
    );
    const audit = { ...ERASED, at: later(100) };
    const { erased, kept } = await store.erasePerson(person, audit);
    assert.deepEqual([erased.keys, kept.keys], [2, 1]);
    assert.deepEqual(
      (await store.listUserKeys({})).map(({ id }) => id),
      ['b', 'd'],
    );
  });

  check('of 20 who add a key for the same user and purpose at once one does', async ({ store, beside }) => {
    const other = (await beside?.()) ?? store;
    const all = Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).addUserKey({ ...KEY, id: String(n) }));
    assert.equal((await Promise.all(all)).filter(Boolean).length, 1);
    if (other !== store) await other.close();
  });
}
