/** What goes wrong on the way to the database and in it: a sentence with a remedy, and never a wrong answer. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { claimPostgres } from '../../src/store/postgres-claim.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { opened, refusalOf } from '../kit/postgres-opening.ts';

const server = await cluster({ version: 15, settings: { max_connections: '40' } });

test('a wrong password is named', async () => {
  assert.match(
    await refusalOf(server.place(await server.database()), { password: 'wrong' }),
    /cannot be used: password authentication failed for user "openndes" \(28P01\)\. Check the password/,
  );
});

test('a database that does not exist is named, with the statement that makes it', async () => {
  assert.match(
    await refusalOf(server.place('none')),
    /database "none" does not exist \(3D000\)\. Create it: create database "none" owner "openndes" encoding 'UTF8'/,
  );
});

test('a role without the right to make tables is named, with the statement that gives it', async () => {
  await server.sql('create database foreign_owner');
  assert.match(
    await refusalOf(server.place('foreign_owner')),
    /permission denied for schema public \(42501\)\. Make the role the owner: alter database "foreign_owner" owner to/,
  );
});

test('a port at which nothing listens is named', async () => {
  const place = { ...server.place('any'), hosts: [{ host: '127.0.0.1', port: 1 }] };
  assert.match(await refusalOf(place), /nothing accepts connections there\. Check host and port/);
});

test('a server without TLS is refused where TLS is wanted', async () => {
  const place = { ...server.place(await server.database()), tls: {} };
  assert.match(await refusalOf(place), /cannot be used: the server has no TLS\. Turn `ssl` on in its postgresql\.conf/);
});

test('a standby before the server that takes writes is passed over, and so is one that is down', async () => {
  const database = await server.database();
  const place = server.place(database);
  const hosts = [{ host: '127.0.0.1', port: 1 }, ...place.hosts];
  const store = await opened({ ...place, hosts });
  await store.check();
  await store.close();
  await server.sql(`alter database "${database}" set default_transaction_read_only = on`);
  assert.match(await refusalOf(place), /it takes no writes \(25006\)/);
});

test('one server at a time claims a database, and the next one when it is released', async () => {
  const claiming = { place: server.place(await server.database()), password: () => ROLE.password };
  const first = await claimPostgres(claiming, 'alone');
  await assert.rejects(claimPostgres(claiming, 'alone'), /belongs to another server that is running/);
  await first.release();
  const second = await claimPostgres(claiming, 'alone');
  await second.release();
});

test('ten times the database stops at once under load: what was acknowledged is there, and nothing twice', async () => {
  const store = await opened(server.place(await server.database()));
  const acknowledged = new Set<number>();
  let failed = 0;
  let running = true;
  const write = async (first: number): Promise<void> => {
    for (let n = first; running; n += 4)
      // As a device does: the same request again until it has an answer.
      for (let done = false; !done && running; )
        try {
          await store.recordIssued(issuanceFor(n, { notification: 'strict', consumes: `challenge ${n}` }));
          acknowledged.add(n);
          done = true;
        } catch {
          failed += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
  };
  const writers = [0, 1, 2, 3].map(write);
  for (let time = 0; time < 10; time++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await server.stop('immediate');
    await server.start();
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  running = false;
  await Promise.all(writers);
  assert.ok(failed > 0 && acknowledged.size > 20, `${failed} failed, ${acknowledged.size} were acknowledged`);
  const serials = (await store.listCertificates({})).map(({ serial }) => serial);
  assert.equal(new Set(serials).size, serials.length);
  for (const n of acknowledged)
    assert.ok(serials.includes(issuanceFor(n).certificate.serial), `certificate ${n} was acknowledged`);
  const notifications = await store.listNotifications({ limit: 1e6 });
  assert.equal(notifications.length, serials.length);
  await store.close();
});

test('a commit whose answer is lost is not repeated, and its request finds what was recorded', async () => {
  const place = server.place(await server.database());
  // Passes everything on, and loses the answer to a commit when it is told to.
  let lossy = false;
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    client.on('error', () => {});
    upstream.on('error', () => {});
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (lossy && chunk.includes('COMMIT\0')) client.destroy();
      else client.write(chunk);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const store = await opened({ ...place, hosts: [{ host: '127.0.0.1', port: (proxy.address() as AddressInfo).port }] });
  lossy = true;
  await assert.rejects(store.recordIssued(issuanceFor(1)), /lost during a commit, which may have happened or not/);
  lossy = false;
  assert.equal((await store.recordIssued(issuanceFor(1))).kind, 'duplicate');
  assert.equal((await store.listCertificates({})).length, 1);
  await store.close();
  proxy.close();
});
