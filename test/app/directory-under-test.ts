/** A simulated directory, a store on disk, and the work that the job does, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import type { ServerEvent } from '../../src/core/events.ts';
import type { CertificateName } from '../../src/core/records.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { intuneClient } from '../../src/intune/client.ts';
import {
  approveDirectory,
  directoryStatus,
  directoryTurn,
  type DirectoryWork,
} from '../../src/manage/follow-directory.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, ENDPOINT, issuanceFor } from '../../src/testing/store-samples.ts';

const HOUR = 3_600_000;
const GRAPH_ROLES = [
  'Application.Read.All',
  'DeviceManagementManagedDevices.Read.All',
  'User.Read.All',
  'Device.Read.All',
];

/** A tenant with nothing in it, and a store. `turn` does what the job does, four hours later. */
export async function withDirectory(t: TestContext, limit = 2) {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  simulator.app.setRoles({ graph: GRAPH_ROLES });
  const clock = simulator.clock.now;
  const client = intuneClient({
    ...simulator.tenant,
    trustCa: simulator.caPem,
    clock,
    uuid: () => crypto.randomUUID(),
    callerInfo: 'openndes/test',
    timeouts: { backoffMs: 1 },
  });
  t.after(() => client.close());
  const folder = mkdtempSync(join(tmpdir(), 'directory-'));
  const path = join(folder, 'store.db');
  const open = () => openSqliteStore({ path, clock });
  let store = await open();
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const events: ServerEvent[] = [];
  const emit = (event: ServerEvent): void => void events.push(event);
  const work = (): DirectoryWork => ({
    store,
    clock,
    emit,
    tenant: 'corp',
    endpoints: [ENDPOINT],
    list: client.directory,
    rules: { every: 4 * HOUR, limit },
  });
  const turn = (signal = new AbortController().signal) => directoryTurn(work(), signal);
  const later = (signal?: AbortSignal): Promise<void> => {
    simulator.clock.advance(4 * 3600);
    return turn(signal);
  };
  const approve = (loss = false) =>
    approveDirectory({ store, clock, actor: { kind: 'person', name: 'ada' }, source: 'cli' }, 'corp', { loss });
  const add = async (names: readonly (readonly CertificateName[])[], more: object = {}): Promise<void> => {
    const validity = { notBefore: clock(), notAfter: new Date(clock().getTime() + 365 * 24 * HOUR) };
    for (let from = 0; from < names.length; from += 500)
      await Promise.all(
        names.slice(from, from + 500).map((each, index) => {
          const { certificate } = issuanceFor(from + index);
          const imported = { ...certificate, ...validity, ...more };
          return store.importCertificate({
            certificate: imported,
            names: each,
            audit: auditFor(from + index, 'imported'),
          });
        }),
      );
  };
  return {
    simulator,
    directory: simulator.directory,
    events,
    turn,
    later,
    approve,
    add,
    addMany: (ids: readonly string[]) => insertCertificates(path, ids, clock()),
    work,
    store: () => store,
    restart: async () => {
      await store.close();
      store = await open();
    },
    revoked: () => store.countCertificates({ state: 'revoked' }),
    standing: () => store.directoryStanding('corp'),
    status: () => directoryStatus({ store, clock, tenant: 'corp', endpoints: [ENDPOINT] }),
  };
}

/** One for each Intune device id, in one transaction beside the store: through it, 10,000 take half a minute. */
function insertCertificates(path: string, ids: readonly string[], now: Date): void {
  const database = new DatabaseSync(path);
  const { issuerId, issuer, der } = issuanceFor(0).certificate;
  database.exec('begin');
  database.prepare('insert into issuers (id, issuer_id, name) values (1, ?, ?)').run(issuerId, issuer);
  const end = now.getTime() + 365 * 24 * HOUR;
  const certificate = database.prepare(
    `insert into certificates (id, issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint,
      thumbprint_sha256, public_key_hash, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at)
      values (?, 1, ?, '${ENDPOINT}', '', '', '', '', '', ?, 0, 0, ?, 0, ${end}, 'delivered', 0)`,
  );
  const name = database.prepare(`insert into names (kind, value, certificate_id) values ('intuneDeviceId', ?, ?)`);
  for (const [index, id] of ids.entries()) {
    certificate.run(index + 1, (index + 4096).toString(16), id, der);
    name.run(id, index + 1);
  }
  database.exec('commit');
  database.close();
}
