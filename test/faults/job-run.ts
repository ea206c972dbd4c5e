/**
 * Runs the matrix for the call of a job: for each fault a server, a tenant and three certificates, two of which are to be
 * revoked. The servers are in one process.
 */
import { join } from 'node:path';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { certificateImporter } from '../../src/manage/certificate-import.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { BY_COMMAND } from '../kit/endpoint-under-test.ts';
import { TOKEN } from '../wiring/administrator.ts';
import { atEnd, clock, DAY, file, FOLDER, issuing, random } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { JOB_CELLS, type JobCell, type JobOutcome, type JobSeen } from './cells.ts';
import { FAULTS } from './faults.table.ts';
import { JOB_HOPS, type JobHopName } from './hops.table.ts';
import { DUE, jobIntune, jobLog, jobStore, jobText, OTHER } from './job-records.ts';
import { keys, until } from './run.ts';
import { type Line, type Served, type Servers, serversOn } from './server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SERIALS = [...DUE, OTHER];
const GRAPH_ROLES = [
  'Application.Read.All',
  'DeviceManagementManagedDevices.Read.All',
  'User.Read.All',
  'Device.Read.All',
];

/** `ids`: of the devices, each the common name of one certificate. */
type Running = { cell: JobCell; simulator: Simulator; path: string; ids: readonly string[]; config: string };
type World = { servers: Servers; all: readonly Running[] };

/** What each cell got, in the order of `JOB_CELLS`. All at once, because most of it is waiting. */
export const runJobs = async (): Promise<JobOutcome[]> =>
  (await Promise.all((Object.keys(JOB_HOPS) as JobHopName[]).map(runJobCells))).flat();

async function runJobCells(hop: JobHopName): Promise<JobOutcome[]> {
  const cells = JOB_CELLS.filter((cell) => cell.hop === hop);
  const all = await Promise.all(cells.map(prepared));
  if (hop !== 'directory') for (const each of all) ask(each);
  const world = { all, servers: await serversOn(all.map(({ config }) => config)) };
  const start = hop === 'directory' ? await listedTwice(world) : { line: 0, calls: all.map(() => 0) };
  await until(() => all.every((each) => failed(world, each, start.line) || isPatient(each) || revoked(each)));
  const during = await observed(world, start);

  await Promise.all(all.map(({ simulator }) => simulator.clearFaults()));
  const lifted = markOf(world);
  await until(() => all.every((each) => !isPatient(each) || listings(world, each) === LISTINGS));
  again(world, hop);
  await until(() => all.every(done));
  if (hop === 'directory') await until(() => all.every((each) => listings(world, each) === LISTINGS));
  await until(async () => (await observed(world, lifted)).every(({ job }) => job === 'ok'));
  const after = await observed(world, lifted);
  await world.servers.close();
  return all.map((_, n) => ({ during: during[n]!, after: after[n]! }));
}

/** The job runs again. That of a directory looks at the clock often; the other one begins anew with the configuration. */
function again({ servers, all }: World, hop: JobHopName): void {
  const minutes = JOB_HOPS[hop].again;
  servers.moveClock(minutes * MINUTE);
  if (hop === 'directory') return;
  // Tokens are by the clock of the system; with the configuration the servers forget those that Intune takes for old.
  for (const { simulator } of all) simulator.clock.advance(minutes * 60);
  servers.reload();
}

/** Complete listings of the directory in all: before the devices are wiped, after it, and the one that revokes. */
const LISTINGS = 3;

/** Graph names 60 seconds, and a listing waits so long. */
const isPatient = ({ cell: { hop, fault } }: Running): boolean =>
  hop === 'directory' && fault === 'HTTP 429, Retry-After';

async function prepared(cell: JobCell): Promise<Running> {
  const { state, caPem } = await keys;
  const simulator = await startSimulator({ clock, random, state });
  atEnd(() => simulator.close());
  simulator.app.setRoles({ graph: GRAPH_ROLES });
  if (cell.hop !== 'directory') simulator.fault({ hop: cell.hop, fault: FAULTS[cell.fault].set });
  const ids = simulator.directory.addDevices({ count: SERIALS.length }).map(({ id }) => id);
  const path = join(FOLDER, `${cell.id}.db`);
  await imported(path, cell.id, ids);
  const trustCa = file('faults-tenant.pem', caPem);
  const asked = cell.hop === 'directory' ? { directory: { limit: 100 } } : { revocation: 'on' };
  const config = configured({
    store: `sqlite:${path}`,
    admin: { port: 0, token: TOKEN },
    tenants: { [cell.id]: { ...simulator.tenant, trustCa, ...asked } },
    endpoints: [{ path: `/${cell.id}`, policy: { intune: cell.id } }],
  });
  return { cell, simulator, path, ids, config };
}

/** A certificate for each device, issued before the server was. */
async function imported(path: string, id: string, ids: readonly string[]): Promise<void> {
  const store = await openSqliteStore({ path, clock });
  const cas = [{ certificate: issuing.certificate, authority: 'issuing', endpoint: `/${id}` }];
  const add = await certificateImporter({ store, clock, ...BY_COMMAND }, cas);
  const { subject, spki } = readCertificate(issuing.certificate);
  for (const [n, device] of ids.entries())
    await add(
      await writeCertificate(
        {
          serialNumber: Buffer.from(SERIALS[n]!, 'hex'),
          issuer: subject,
          subject: nameFromText(`CN=${device}`),
          notBefore: clock(),
          notAfter: new Date(clock().getTime() + 100 * DAY),
          spki,
          extensions: [],
        },
        issuing.key,
      ),
    );
  await store.close();
}

/** Intune wants the certificates of two devices to be revoked. */
function ask({ simulator }: Running): void {
  const issuerName = nameText(readCertificate(issuing.certificate).subject);
  simulator.revocations.add({
    requests: DUE.map((serialNumber) => ({ serialNumber, issuerName, caConfiguration: issuerName })),
  });
}

/** Two devices are wiped between two complete listings. The next one meets the fault. */
async function listedTwice(world: World): Promise<Mark> {
  const { all, servers } = world;
  await until(() => all.every((each) => listings(world, each) === 1));
  for (const { simulator, ids } of all) simulator.directory.deviceAction({ action: 'wipe', ids: ids.slice(0, 2) });
  servers.moveClock(4 * HOUR);
  await until(() => all.every((each) => listings(world, each) === 2));
  const mark = markOf(world);
  for (const { simulator, cell } of all) simulator.fault({ hop: cell.hop, fault: FAULTS[cell.fault].set });
  servers.moveClock(4 * HOUR);
  return mark;
}

type Mark = { line: number; calls: readonly number[] };
const markOf = ({ servers, all }: World): Mark => ({
  line: servers.log.length,
  calls: all.map(({ simulator }) => simulator.calls().length),
});

/** What is to be seen of each cell since the mark. */
async function observed({ servers, all }: World, mark: Mark): Promise<JobSeen[]> {
  const lines = servers.log.slice(mark.line);
  return Promise.all(
    all.map(async ({ cell: { id, hop }, simulator, path }, n) => {
      const { readiness } = servers.each[n] as Served;
      return {
        job: jobText(await readiness(), JOB_HOPS[hop].job(id), id),
        intune: jobIntune(simulator.calls().slice(mark.calls[n]), simulator),
        store: jobStore(path),
        log: jobLog(lines.filter((line) => isOf(line, id))),
      };
    }),
  );
}

/** A job that works for all tenants names the one that failed in its error. */
const isOf = ({ tenant, job, err }: Line, id: string): boolean =>
  tenant === id || job === `directory ${id}` || (err?.message.startsWith(`tenant ${id}: `) ?? false);

const failed = ({ servers }: World, { cell: { id } }: Running, line: number): boolean =>
  servers.log.slice(line).some((each) => each.event === 'job-failed' && isOf(each, id));
const listings = ({ servers }: World, { cell: { id } }: Running): number =>
  servers.log.filter(({ event, tenant }) => event === 'directory-listed' && tenant === id).length;
const revoked = ({ path, cell: { hop } }: Running): boolean =>
  hop === 'directory' && jobStore(path).startsWith(`${DUE.length} of`);
/** Nothing is left to be done. */
const done = ({ path }: Running): boolean => jobStore(path) === `${DUE.length} of ${DUE.length} revoked`;
