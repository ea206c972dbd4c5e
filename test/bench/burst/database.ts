/** A PostgreSQL server of a burst, a process of its own, because the helper of the tests prints what tests print. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster, ROLE } from '../../kit/postgres-cluster.ts';
import { cpuOf } from './cpu.ts';

const server = await cluster({
  version: 15,
  settings: { shared_buffers: '256MB', max_wal_size: '2GB', max_connections: '200' },
});
const database = await server.database();
const password = encodeURIComponent(ROLE.password);
const postmaster = Number(readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
process.send!(`postgres://${ROLE.user}:${password}@127.0.0.1:${server.port}/${database}`);

type Answer = () => Promise<unknown>;
const ANSWERS: Readonly<Record<string, Answer>> = {
  cpu: async () => cpuOf(postmaster),
  octets: async () => {
    const [row] = await server.sql<{ size: string }>('select pg_database_size(current_database()) as size', database);
    return Number(row?.size);
  },
  wal: async () => {
    const [row] = await server.sql<{ octets: string }>("select pg_current_wal_lsn() - '0/0' as octets", database);
    return Number(row?.octets);
  },
};
process.on('message', (question: string) => {
  if (question === 'stop') void server.stop('fast').then(() => process.disconnect());
  else void ANSWERS[question]!().then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());
