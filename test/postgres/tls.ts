/** TLS to the database: the server is verified, and what is wrong with its certificate is one sentence with the remedy. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { run } from '../app/installation.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { opened, refusalOf } from '../kit/postgres-opening.ts';
import { certified } from '../wiring/device.ts';
import { file } from '../wiring/files.ts';
import { configured, started, statusAt } from '../wiring/server.ts';

const YEAR = 366 * 86_400_000;
const random = (length: number): Uint8Array => randomBytes(length);
const authority = await newAuthority(new Date(), random);
const server = await cluster({ version: 15, settings: { listen_addresses: '127.0.0.1, 127.0.0.2' } });

/** Gives the database server the certificate that was made so long ago, and returns the place of a database of it. */
async function serving(madeBefore: number, by = authority) {
  const { certificate, key } = await serverCredential(by, new Date(Date.now() - madeBefore), random);
  for (const [name, content] of Object.entries({ 'server.crt': certificate, 'server.key': key })) {
    const path = join(server.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    if (server.user) chownSync(path, server.user.uid, server.user.gid);
  }
  await server.sql(`alter system set ssl_cert_file = '${server.folder}/server.crt'`);
  await server.sql(`alter system set ssl_key_file = '${server.folder}/server.key'`);
  await server.sql('alter system set ssl = on');
  await server.sql('select pg_reload_conf()');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const rootCertificate = join(server.folder, 'root.crt');
  writeFileSync(rootCertificate, by.certificate);
  return { ...server.place(await server.database()), tls: { rootCertificate } };
}

test('a server whose certificate is of the named root is used, and the connection is encrypted', async () => {
  const place = await serving(0);
  const store = await opened(place);
  await store.check();
  const uses = await server.sql<{ ssl: boolean }>(
    `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = '${ROLE.user}'`,
  );
  assert.ok(uses.length > 0 && uses.every(({ ssl }) => ssl), JSON.stringify(uses));
  await store.close();
});

test('a certificate of a CA that is not named is refused', async () => {
  assert.match(
    await refusalOf({ ...(await serving(0)), tls: {} }),
    /its certificate is of a CA that is not trusted here\. Name in `sslrootcert` the file with the root certificate/,
  );
});

test('an expired certificate is refused', async () => {
  assert.match(
    await refusalOf(await serving(2 * YEAR)),
    /its certificate has expired\. Give the database server a certificate that is valid now/,
  );
});

test('a started server refuses it too, and ends with 78', async () => {
  const { database, tls } = await serving(2 * YEAR);
  const store = {
    url: `postgres://${ROLE.user}@127.0.0.1:${server.port}/${database}?sslmode=verify-full`,
    password: ROLE.password,
    sslrootcert: tls.rootCertificate,
  };
  const { code, err } = await run('serve', '--config', configured({ store }));
  assert.equal(code, 78, err);
  assert.match(
    err,
    /^store: \S+ cannot be used: its certificate has expired\nGive the database server a certificate that is valid now, and look at the clock of this machine\.$/,
  );
});

test('a root certificate that was replaced is used for new connections, without a restart', async () => {
  const { database, tls } = await serving(0);
  const sslrootcert = file('root-of-the-database.pem', readFileSync(tls.rootCertificate));
  const url = `postgres://${ROLE.user}@127.0.0.1:${server.port}/${database}?sslmode=verify-full`;
  const running = await started(configured({ store: { url, password: ROLE.password, sslrootcert } }));
  await certified(running.url('/plain'));
  const next = await newAuthority(new Date(), random);
  await serving(0, next);
  await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE.user}'`);
  const readiness = (): Promise<number> => statusAt(`${running.origin}/readyz`);
  const until = async (status: number): Promise<void> => {
    for (const end = Date.now() + 20_000; (await readiness()) !== status; await sleep(200))
      assert.ok(Date.now() < end, `the status is not ${status}`);
  };
  await until(503);
  writeFileSync(sslrootcert, next.certificate);
  await until(200);
  await certified(running.url('/plain'));
  await running.close();
});

test('a certificate for another host is refused', async () => {
  const place = await serving(0);
  assert.match(
    await refusalOf({ ...place, hosts: [{ host: '127.0.0.2', port: server.port }] }),
    /its certificate is for another host\. Write the host in the URL of `store` as the certificate has it/,
  );
});
