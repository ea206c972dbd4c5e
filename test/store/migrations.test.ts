/** Stores of every earlier schema, brought up to date: each row has the values that it should, and old work goes on. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bitString, oid, sequence } from '../../src/asn1/writer.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readKey } from '../../src/pkix/public-key.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { createStore } from '../../src/store/create-store.ts';
import { type SqliteStore, openSqliteStore } from '../../src/store/sqlite.ts';
import { BY_COMMAND } from '../kit/endpoint-under-test.ts';
import { rsaKey } from '../kit/keys.ts';
import { certificateFor } from '../kit/pki.ts';
import { DAY, derOf, ISSUED, keyOf, OLD_VERSIONS, oldStore, PAYLOADS, POLLS } from './old-store.ts';
import { temporaryFile } from './temporary.ts';

const rows = (database: DatabaseSync, query: string): unknown[][] =>
  database
    .prepare(query)
    .all()
    .map((row) => Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)));

/** SHA-256 of name and key identifier, of a name alone, and of a name as text. Computed without this program. */
const UNCONFIRMED = {
  old: 'unconfirmed:5e93958eb826821e223e1f1efccc59abbf2b40254bde0319268e3ccc67d07ccb',
  rolled: 'unconfirmed:cfcdc794988ce70365183618cbc5da4486a0095639533a6338e10675c00d3ccf',
  other: 'unconfirmed:f7c2639ee4644843e7dad3bfe0877cd9e3dc15301004c69739448b2923d8756d',
  text: 'unconfirmed:ddbf1202c6eed8c697eada1cbfad9a579765f02c316e587e40c2f6e0c31d33f9',
};
/** SHA-256 of name and key. */
const CONFIRMED = {
  old: 'bf1dcccd7e858fef9d57030dad3fabb6d2e6843cccf99e788bd886015b07f7c7',
  rolled: '2a5a9376073a2b8e30a17c6b630ed4e7705b4248c46b87d048a7c4e7e2151358',
  other: '061b1fcef5d53c15ca1c2cff67cd4f4a5d9dfa7ff23e35f62bb26b72f66ca887',
};
const OLD_KEY = Buffer.from('4af844af40b7ff8cab2cf118cd1a8d40e6e27e03', 'hex');
const ROLLED_KEY = Buffer.from('9e7cb3a1e3ccd9076f520f7b8af328556e54b1d8', 'hex');

const ISSUERS = [
  [1, UNCONFIRMED.old, 'CN=Old CA', OLD_KEY, null],
  [2, UNCONFIRMED.rolled, 'CN=Old CA', ROLLED_KEY, null],
  [3, UNCONFIRMED.other, 'CN=Other CA', null, null],
  [4, UNCONFIRMED.text, 'CN=Old CA', null, null],
];

/** id, issuer, serial, SHA-256 of certificate and key, what it renews, shard. */
const CERTIFICATES = [
  [
    1,
    1,
    'a1',
    'f845ceb43727713ffa4f38c012056f9bf2662a48b882d5beff8509d240360292',
    'd1eaee461943864bd1358a9f57e5d6c98b5c82290a3c2a388038bd7d6ffdeed0',
    null,
    0,
  ],
  [
    2,
    1,
    'a2',
    'ad06c1c208f6f6dacd829044ea630fb00424cc8bc69008dfdd1815c3331fc079',
    '5bcb17dd6d78974361f9f6d8ab5da9f33e54cc586a8e09d7855fd12e2f100b1e',
    null,
    0,
  ],
  [
    5,
    1,
    'a3',
    '8907e802ae996cc5c1586ee8d3fcc4031e92822c6d91df9c7bd26c205f2c8496',
    'b8d12db0e5189e1d9309a430df421fa050873f18032b10214a37ecb4cb94ff7c',
    null,
    0,
  ],
  [
    7,
    2,
    'b1',
    'b1306aad331309ec372f448049b215b86c13cbb37329fb45cf91dbb8b4ee5674',
    'bd8e33d29d1b51601cafe4b4a83ed81a0376221ca3e041c753a0ab92abcf495e',
    null,
    0,
  ],
  [
    8,
    3,
    'c1',
    'aa1602def515458558d79b94a62e9d8b7901fb033576fcb73501bc54881ebd4f',
    '64c4fd31ec149ec190453c936188461c421518688d71173526e5521366625cba',
    null,
    0,
  ],
  [9, 4, 'a4', '0c27279d9f06d8eae9767ecc7dac5356b24c3cf2cba48c97f2d58a32fa766e90', '', null, 0],
  [
    12,
    1,
    'a5',
    'dcbfad3e07066fff71754100f06bdfd3d0a512ad66cccf7f1a3599a928b708cb',
    'b24224823888a20ca34553284bdecea825dd6701d7d7b1e8396fe33751d056ee',
    null,
    0,
  ],
];

/** What those columns held before, and hold still. */
const KEPT = [
  [
    1,
    '/scep',
    'T1',
    'E=Ada@Example.com,CN=Laptop-1',
    'e=ada@example.com,cn=laptop-1',
    'sha1 of a1',
    derOf('laptop'),
    ISSUED,
    ISSUED + 730 * DAY,
    'delivered',
    ISSUED,
    ISSUED,
    null,
    null,
  ],
  [
    2,
    '/scep',
    'T2',
    'CN=Laptop-2',
    'cn=laptop-2',
    'sha1 of a2',
    derOf('revoked'),
    ISSUED,
    ISSUED + 730 * DAY,
    'revoked',
    ISSUED,
    ISSUED,
    ISSUED + DAY,
    'keyCompromise',
  ],
  [
    5,
    '/scep',
    'T3',
    'CN=Laptop-3',
    'cn=laptop-3',
    'sha1 of a3',
    derOf('waiting'),
    ISSUED,
    ISSUED + 730 * DAY,
    'issued',
    ISSUED,
    null,
    null,
    null,
  ],
  [
    7,
    '/scep',
    'T4',
    'CN=Laptop-4',
    'cn=laptop-4',
    'sha1 of b1',
    derOf('rolled'),
    ISSUED,
    ISSUED + 730 * DAY,
    'delivered',
    ISSUED,
    ISSUED,
    null,
    null,
  ],
  [
    8,
    '/scep',
    'T5',
    'CN=Router',
    'cn=router',
    'sha1 of c1',
    derOf('foreign'),
    ISSUED,
    ISSUED + 730 * DAY,
    'revoked',
    ISSUED,
    null,
    ISSUED + DAY,
    'cessationOfOperation',
  ],
  [
    9,
    '/scep',
    'T9',
    'CN=Gone',
    'cn=gone',
    'sha1 of a4',
    derOf('damaged'),
    ISSUED,
    ISSUED + 730 * DAY,
    'revoked',
    ISSUED,
    ISSUED,
    ISSUED + 2 * DAY,
    'superseded',
  ],
  [
    12,
    '/scep',
    'T-10',
    'CN=Laptop-5',
    'cn=laptop-5',
    'sha1 of a5',
    derOf('oddNames'),
    ISSUED,
    ISSUED + 730 * DAY,
    'delivered',
    ISSUED,
    ISSUED,
    null,
    null,
  ],
];

const TRANSACTIONS = [
  [
    1,
    keyOf('T1'),
    keyOf('T1'),
    '',
    '/scep',
    'T1',
    'signer-T1',
    'CN=T1',
    'issued',
    null,
    null,
    null,
    null,
    ISSUED,
    ISSUED + 1,
    1,
  ],
  [
    2,
    keyOf('T2'),
    keyOf('T2'),
    '',
    '/scep',
    'T2',
    'signer-T2',
    'CN=T2',
    'issued',
    null,
    null,
    null,
    null,
    ISSUED,
    ISSUED + 1,
    2,
  ],
  [
    4,
    keyOf('T3'),
    keyOf('T3'),
    '',
    '/scep',
    'T3',
    'signer-T3',
    'CN=T3',
    'issued',
    null,
    null,
    null,
    null,
    ISSUED,
    ISSUED + 1,
    5,
  ],
  [
    5,
    keyOf('T4'),
    keyOf('T4'),
    '',
    '/scep',
    'T4',
    'signer-T4',
    'CN=T4',
    'issued',
    null,
    null,
    null,
    null,
    ISSUED,
    ISSUED + 1,
    7,
  ],
  [
    6,
    keyOf('T6'),
    keyOf('T6'),
    '',
    '/scep',
    'T6',
    'signer-T6',
    'CN=T6',
    'pending',
    'approval',
    Buffer.of(1, 2),
    null,
    null,
    ISSUED,
    ISSUED + 1,
    null,
  ],
  [
    7,
    keyOf('T7'),
    keyOf('T7'),
    '',
    '/scep',
    'T7',
    'signer-T7',
    'CN=T7',
    'approved',
    'approval',
    Buffer.of(3),
    null,
    null,
    ISSUED,
    ISSUED + 1,
    null,
  ],
  [
    9,
    keyOf('T8'),
    keyOf('T8'),
    '',
    '/scep',
    'T8',
    'signer-T8',
    'CN=T8',
    'rejected',
    'approval',
    null,
    null,
    null,
    ISSUED,
    ISSUED + 1,
    null,
  ],
];

const NAMES = [
  ['cn', 'laptop-1', 1],
  ['cn', 'laptop-2', 2],
  ['cn', 'laptop-3', 5],
  ['cn', 'laptop-4', 7],
  ['cn', 'router', 8],
  ['dns', 'laptop-1.example.com', 1],
  ['email', 'ada@example.com', 1],
  ['entraDeviceId', 'entra-4', 7],
  ['intuneDeviceId', '7d1f0a52-0001', 1],
  ['ip', '192.0.2.7', 1],
  ['upn', 'ada@example.com', 1],
  ['uri', 'https://example.com/four', 7],
];

const REVOCATIONS = [
  [2, 1, 'a2', ISSUED + DAY, 'keyCompromise', ISSUED + 730 * DAY, 0],
  [8, 3, 'c1', ISSUED + DAY, 'cessationOfOperation', ISSUED + 730 * DAY, 0],
  [9, 4, 'a4', ISSUED + 2 * DAY, 'superseded', ISSUED + 730 * DAY, 0],
];

const NOTIFICATIONS = [
  [3, 'strict', PAYLOADS[3], 3, ISSUED + 3, null, null, 0, 5, null, ISSUED + 3],
  [4, 'outbox', PAYLOADS[4], 4, ISSUED + 4, null, null, 0, 7, null, ISSUED + 4],
  [6, 'outbox', PAYLOADS[6], 6, ISSUED + 6, null, null, 0, null, null, ISSUED + 6],
  [8, 'outbox', PAYLOADS[8], 8, ISSUED + 8, null, null, 0, null, null, ISSUED + 8],
];

const AUDIT = [
  [1, ISSUED + 1, 'issued', '/scep', 'T1', 'a1', null, 1, 'device', null, null, null, null, 'scep'],
  [2, ISSUED + 2, 'delivered', '/scep', 'T1', 'a1', null, 1, 'system', null, null, null, null, 'scep'],
  [3, ISSUED + 3, 'issued', '/scep', 'T2', 'a2', null, 2, 'device', null, null, null, null, 'scep'],
  [4, ISSUED + 4, 'revoked', '/scep', 'T2', 'a2', 'keyCompromise', 2, 'person', null, null, null, null, 'cli'],
  [5, ISSUED + 5, 'never-delivered', '/scep', 'T5', 'c1', null, 8, 'system', null, null, null, null, 'scep'],
  [6, ISSUED + 6, 'pending', '/scep', 'T6', null, 'approval', null, 'device', null, null, null, null, 'scep'],
  [7, ISSUED + 7, 'approved', '/scep', 'T7', null, null, null, 'person', null, null, null, null, 'cli'],
  [8, ISSUED + 8, 'rejected', '/scep', 'T8', null, null, null, 'person', null, null, null, null, 'cli'],
  [9, ISSUED + 9, 'notified', '/scep', 'T1', 'a1', null, 1, 'system', null, null, null, null, 'job'],
  [
    10,
    ISSUED + 10,
    'notification-abandoned',
    '/scep',
    'T5',
    null,
    'gone',
    null,
    'system',
    null,
    null,
    null,
    null,
    'job',
  ],
];

for (const version of OLD_VERSIONS)
  test(`schema ${version}: every row has its values after the migration`, async () => {
    const { database, engine, migrate } = await oldStore(version);
    const said = await migrate();
    assert.deepEqual(said, [
      '2 certificates that an earlier version recorded cannot be read (serial numbers a4, a5): ' +
        'they are kept, and are not found by names that only they contain',
    ]);
    const all = (query: string) => rows(database, query);
    assert.deepEqual(all('select * from issuers order by id'), ISSUERS);
    assert.deepEqual(
      all(`select id, issuer, serial, thumbprint_sha256, public_key_hash, renews, crl_shard from certificates`),
      CERTIFICATES,
    );
    assert.deepEqual(
      all(`select id, endpoint, transaction_id, subject, subject_folded, thumbprint, der, not_before, not_after, state,
        issued_at, delivered_at, revoked_at, revocation_reason from certificates order by id`),
      KEPT,
    );
    assert.deepEqual(all('select * from transactions order by id'), TRANSACTIONS);
    assert.deepEqual(all('select * from names order by kind, value'), NAMES);
    assert.deepEqual(all('select * from revocations order by certificate_id'), REVOCATIONS);
    assert.deepEqual(all('select * from notifications order by id'), NOTIFICATIONS);
    assert.deepEqual(all('select * from audit order by id'), AUDIT);
    assert.deepEqual(all('select * from endpoint_names'), [['/scep']]);
    assert.deepEqual(all('select * from consumed_challenges'), [['c'.repeat(64), ISSUED]]);
    assert.deepEqual(all('select * from write_check'), [[1, ISSUED]]);
    const challenges = version === 1 ? [] : [['d'.repeat(64), '/scep', ISSUED, ISSUED + DAY, null, null]];
    assert.deepEqual(all('select * from challenges'), challenges);
    assert.deepEqual(all('select * from schema_version'), [[1, 4, 4]]);
    assert.deepEqual(all('select * from compromised_keys'), [[CERTIFICATES[1]![4]]]);
    assert.deepEqual(all('select count(*) from certificates where first_issued_at <> issued_at'), [[0]]);
    for (const table of ['jobs', 'owed_revocations']) assert.deepEqual(all(`select * from ${table}`), []);
    assert.deepEqual(all('pragma foreign_key_check'), []);
    assert.deepEqual(all('pragma integrity_check'), [['ok']]);
    await engine.close();
  });

test('every earlier schema ends in the same schema as a new store', async () => {
  const schemas = await Promise.all(
    OLD_VERSIONS.map(async (version) => {
      const { database, engine, migrate } = await oldStore(version);
      await migrate();
      const schema = rows(database, 'select type, name, tbl_name, sql from sqlite_schema order by type, name');
      await engine.close();
      return schema;
    }),
  );
  const path = temporaryFile();
  await (await openSqliteStore({ path, clock: () => new Date() })).close();
  const { DatabaseSync } = await import('node:sqlite');
  const fresh = new DatabaseSync(path);
  const schema = rows(fresh, 'select type, name, tbl_name, sql from sqlite_schema order by type, name');
  fresh.close();
  for (const old of schemas) assert.deepEqual(old, schema);
});

const NOW = new Date(ISSUED + 3 * DAY);

/** An old store after its migration and after the start of a server with one CA. */
async function upgraded(version: (typeof OLD_VERSIONS)[number]) {
  const path = temporaryFile();
  const old = await oldStore(version, path);
  await old.engine.close();
  const said: string[] = [];
  const store = await openSqliteStore({ path, clock: () => NOW, claimed: true, warn: (line) => void said.push(line) });
  await store.registerIssuer({ ...issuerIdentity(derOf('caA')), authority: 'main' });
  return { store, said };
}

const auditOf = (event: 'revoked' | 'delivered' | 'approved', transactionId: string) =>
  ({ at: NOW, event, endpoint: '/scep', transactionId, ...BY_COMMAND }) as const;

for (const version of OLD_VERSIONS) {
  const check = (title: string, body: (store: SqliteStore, said: string[]) => Promise<void>) =>
    test(`schema ${version}: ${title}`, async () => {
      const { store, said } = await upgraded(version);
      await body(store, said);
      await store.close();
    });

  check('the server says which certificates cannot be read', async (_store, said) => {
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^store .*store\.db: 2 certificates .*\(serial numbers a4, a5\)/);
  });

  check('a repeated request and a poll find the certificate that they got', async (store) => {
    const found = await store.findTransaction(keyOf('T1'));
    assert.ok(found);
    assert.deepEqual(found.certificate, {
      issuerId: CONFIRMED.old,
      serial: 'a1',
      endpoint: '/scep',
      transactionId: 'T1',
      subject: 'E=Ada@Example.com,CN=Laptop-1',
      issuer: 'CN=Old CA',
      thumbprint: 'sha1 of a1',
      thumbprintSha256: 'f845ceb43727713ffa4f38c012056f9bf2662a48b882d5beff8509d240360292',
      publicKeyHash: 'd1eaee461943864bd1358a9f57e5d6c98b5c82290a3c2a388038bd7d6ffdeed0',
      crlShard: 0,
      der: new Uint8Array(derOf('laptop')),
      notBefore: new Date(ISSUED),
      notAfter: new Date(ISSUED + 730 * DAY),
      state: 'delivered',
      issuedAt: new Date(ISSUED),
      firstIssuedAt: new Date(ISSUED),
      deliveredAt: new Date(ISSUED),
    });
    assert.deepEqual(await store.findPolled(POLLS.T1), found);
    assert.deepEqual(await store.findRequest('a'.repeat(64), keyOf('T1')), found);
    const request = 'a'.repeat(64);
    const { certificate } = found;
    assert.ok(certificate);
    const duplicate = await store.recordIssued({
      transaction: {
        key: keyOf('T1'),
        request,
        nonces: [],
        endpoint: '/scep',
        transactionId: 'T1',
        signer: 'signer-T1',
        subject: 'CN=T1',
      },
      certificate: { ...certificate, serial: 'new' },
      names: [],
      audit: { ...auditOf('delivered', 'T1'), event: 'issued' },
    });
    assert.deepEqual(duplicate, { kind: 'duplicate', existing: found });
  });

  check('what waited waits, and is decided', async (store) => {
    assert.deepEqual(
      (await store.listPending()).map(({ key }) => key),
      [keyOf('T6')],
    );
    assert.deepEqual((await store.findTransaction(keyOf('T6')))?.csr, new Uint8Array([1, 2]));
    assert.equal(await store.decidePending(keyOf('T6'), 'approved', auditOf('approved', 'T6')), true);
    assert.equal((await store.findPolled(POLLS.T7))?.state, 'approved');
    assert.equal((await store.findPolled(POLLS.T8))?.state, 'rejected');
  });

  check('a notification that was not acknowledged is sent, and delivers its certificate', async (store) => {
    const claim = { owner: 'new', leaseMs: 1_000, limit: 1 };
    const [strict] = await store.claimNotifications({ ...claim, mode: 'strict' });
    assert.deepEqual(
      [strict?.id, strict?.fence, strict?.certificate, strict?.attempts],
      [3, 1, { issuerId: CONFIRMED.old, serial: 'a3' }, 3],
    );
    assert.equal(await store.acknowledgeNotification(strict!, auditOf('delivered', 'T3')), true);
    assert.equal((await store.findTransaction(keyOf('T3')))?.certificate?.state, 'delivered');
    const [outbox] = await store.claimNotifications({ ...claim, mode: 'outbox' });
    assert.deepEqual([outbox?.id, outbox?.certificate?.serial], [4, 'b1']);
    assert.equal(await store.recordNotification(strict!.notification), 9);
  });

  check('certificates are listed newest first, found by name, and revoked', async (store) => {
    const listed = await store.listCertificates({});
    assert.deepEqual(
      listed.map(({ serial }) => serial),
      ['a5', 'a4', 'c1', 'b1', 'a3', 'a2', 'a1'],
    );
    const byName = await store.listCertificates({ names: [{ kind: 'intuneDeviceId', value: '7D1F0A52-0001' }] });
    assert.deepEqual(byName, [listed[6]]);
    const [laptop] = await store.findCertificatesBySerial('a1');
    assert.equal(await store.revoke(laptop!, 'superseded', auditOf('revoked', 'T1')), true);
    const history = await store.listAudit({ certificate: laptop! });
    assert.deepEqual(
      history.map(({ event }) => event),
      ['revoked', 'notified', 'delivered', 'issued'],
    );
    assert.deepEqual(history[3], {
      at: new Date(ISSUED + 1),
      event: 'issued',
      endpoint: '/scep',
      transactionId: 'T1',
      actor: { kind: 'device' },
      source: 'scep',
      issuerId: CONFIRMED.old,
      serial: 'a1',
    });
  });

  check('an issuer that is registered has the revocations of its old certificates, and no others', async (store) => {
    const serials = async (issuerId: string) =>
      (await store.listRevoked(issuerId, { limit: 10 })).map(({ serial }) => serial);
    assert.deepEqual(
      [(await store.listRevoked(CONFIRMED.old, { limit: 9 })).length, await serials(CONFIRMED.old)],
      [1, ['a2']],
    );
    assert.deepEqual(await serials(CONFIRMED.other), []);
    // Without a key identifier the name is enough, because only one unconfirmed issuer has it.
    await store.registerIssuer(issuerIdentity(derOf('caC')));
    assert.deepEqual(await serials(CONFIRMED.other), ['c1']);
    // What cannot be read is of one of two issuers with this name until only one of them is left.
    assert.equal((await store.findCertificatesBySerial('a4'))[0]?.issuerId, UNCONFIRMED.text);
    await store.registerIssuer(issuerIdentity(derOf('caB')));
    assert.deepEqual(await serials(CONFIRMED.rolled), ['a4']);
    assert.equal((await store.findCertificatesBySerial('b1'))[0]?.issuerId, CONFIRMED.rolled);
    assert.deepEqual(await serials(CONFIRMED.old), ['a2']);
  });
}

test('a new CA that has the name of an old one and another key leaves the old revocations to the old one', async () => {
  const { engine, migrate } = await oldStore(3);
  await migrate();
  const store = createStore(engine, () => NOW);
  const [old, rekeyed] = [issuerIdentity(derOf('caC')), 'f'.repeat(64)];
  const issuance = issuanceFor(1);
  const certificate = { ...issuance.certificate, issuerId: rekeyed, issuer: old.name };
  await store.recordIssued({ ...issuance, certificate });
  await store.registerIssuer(old);
  const listed = async (id: string) => (await store.listRevoked(id, { limit: 9 })).length;
  assert.deepEqual([await listed(old.issuerId), await listed(rekeyed)], [1, 0]);
  assert.deepEqual(await store.findCertificate(certificate), certificate);
  await store.close();
});

test('more than one page of certificates, the damaged ones among them', async () => {
  const { database, engine, migrate } = await oldStore(3);
  const insert = database.prepare(`insert into certificates (serial, endpoint, transaction_id, subject, subject_folded,
    issuer, thumbprint, der, not_before, not_after, state, issued_at)
    values (?, '/scep', 'T', 'CN=x', 'cn=x', 'CN=Old CA', 'AB', ?, 0, 1, 'delivered', 0)`);
  for (let n = 0; n < 1_250; n++) insert.run(`e${n}`, n % 100 === 0 ? Buffer.of(0x30) : derOf('laptop'));
  assert.match((await migrate())[0]!, /^15 certificates .*\(serial numbers a4, a5, e0, e100, e200, …\)/);
  const store = createStore(engine, () => NOW);
  assert.equal((await store.listCertificates({})).length, 1_257);
  const found = await store.listCertificates({ names: [{ kind: 'upn', value: 'ada@example.com' }] });
  assert.equal(found.length, 1_250 - 13 + 1);
  await store.close();
});

test('a key that an earlier version certified without NULL parameters is compromised in its standard form too', async () => {
  const { database, engine, migrate } = await oldStore(3);
  const key = rsaKey('of an earlier version');
  const spki = sequence(sequence(oid(OID.rsaEncryption)), bitString(readKey(key.spki).key));
  database
    .prepare(`insert into certificates (serial, endpoint, transaction_id, subject, subject_folded, issuer, thumbprint, der,
      not_before, not_after, state, issued_at, revoked_at, revocation_reason)
      values ('c0', '/scep', 'T', 'CN=x', 'cn=x', 'CN=Old CA', 'AB', ?, 0, 1, 'revoked', 0, 1, 'keyCompromise')`)
    .run(await certificateFor(spki));
  await migrate();
  const store = createStore(engine, () => NOW);
  assert.equal(await store.isCompromised(hash('sha256', key.spki, 'hex')), true);
  await store.close();
});
