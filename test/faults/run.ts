/**
 * Runs the matrix for one call: one server, and for each cell a tenant, an endpoint and a device of its own. The faults are
 * there when the server starts.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Simulator, type SimulatorState, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { TOKEN } from '../wiring/administrator.ts';
import type { Answer } from '../wiring/device.ts';
import { atEnd, clock, file, FOLDER, random } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { type Cell, CELLS, type Outcome, type Seen } from './cells.ts';
import { type Device, deviceOf } from './devices.ts';
import { FAULTS } from './faults.table.ts';
import type { HopName } from './hops.table.ts';
import { inTurns } from './in-turns.ts';
import { intuneText, logText, readinessText, storeTexts } from './records.ts';
import { type Line, type Server, serverOn } from './server.ts';

const MINUTE = 60_000;
/** The calls that a check of a tenant makes at the start. */
const AT_START: readonly HopName[] = ['token', 'managedIdentity', 'discovery'];

type Running = { cell: Cell; simulator: Simulator; device: Device };
type World = { server: Server; all: Running[]; path: string };

/** What each cell of this call got, in the order of `CELLS`. */
export async function runCells(hop: HopName): Promise<Outcome[]> {
  const world = await started(CELLS.filter((cell) => cell.hop === hop));
  const { server, all } = world;
  if (!AT_START.includes(hop)) await until(() => usable(world));
  const start = markOf(world);
  if (AT_START.includes(hop)) start.line = 0;

  const first = await answers(all, ({ device }) => device.enroll());
  await until(() => postponed(world) === owed(world));
  await until(() => noneUsable(world));
  await until(() => allNamed(world, start, 'tenant-unusable'));
  // The last word is that of a check, and not of a call that came after it.
  await pause(6_000);
  const during = await observed(world, start);

  const lifted = markOf(world);
  await Promise.all(all.map(({ simulator }) => simulator.clearFaults()));
  if (!hop.endsWith('Notification')) await until(() => usable(world));
  const again = await answers(all, async ({ device }, n) => {
    const { status } = first[n]!;
    return status === 'issued' ? first[n]! : status === 'pending' ? device.poll() : device.enroll();
  });
  server.moveClock(30 * MINUTE);
  await until(() => owed(world) === 0);
  await until(() => allNamed(world, lifted, 'tenant-usable'));
  const after = await observed(world, lifted);
  await server.close();
  return all.map((_, n) => ({
    during: { device: first[n]!.status, ...during[n]! },
    after: { device: again[n]!.status, ...after[n]! },
  }));
}

/** The keys of all simulators are the same, so that they are made once. */
export const keys = startSimulator({ clock, random }).then(async (simulator) => {
  await simulator.close();
  return simulator;
});

async function started(cells: readonly Cell[]): Promise<World> {
  const { state, caPem } = await keys;
  const simulators = await Promise.all(cells.map((cell) => faulty(cell, state)));
  const trustCa = file('faults-tenant.pem', caPem);
  const path = join(FOLDER, `faults-${cells[0]!.hop}.db`);
  const server = await serverOn(
    configured({
      store: `sqlite:${path}`,
      admin: { port: 0, token: TOKEN },
      tenants: Object.fromEntries(
        cells.map(({ id }, n) => [id, { ...section(cells[n]!.hop, simulators[n]!), trustCa }]),
      ),
      endpoints: cells.map(({ id, mode }) => ({ path: `/${id}`, policy: { intune: id, notify: mode } })),
    }),
  );
  const all = cells.map((cell, n) => {
    const simulator = simulators[n]!;
    return { cell, simulator, device: deviceOf(cell, simulator, server.origin) };
  });
  return { server, all, path };
}

/** A section of `tenants:`, without the CA. */
function section(hop: HopName, { tenant: { clientSecret, clientId, ...rest }, identity }: Simulator): object {
  if (hop !== 'managedIdentity') return { ...rest, clientId, clientSecret };
  return { ...rest, managedIdentity: { from: 'imds', endpoint: identity.imds.endpoint } };
}

async function faulty({ hop, fault }: Cell, state: SimulatorState): Promise<Simulator> {
  const simulator = await startSimulator({ clock, random, state });
  atEnd(() => simulator.close());
  simulator.fault({ hop, fault: FAULTS[fault].set });
  return simulator;
}

async function answers(all: readonly Running[], ask: (one: Running, n: number) => Promise<Answer>): Promise<Answer[]> {
  const given: Answer[] = [];
  await inTurns(all, async (one, n) => {
    given[n] = await ask(one, n);
  });
  return given;
}

/** Where the log and the calls of each tenant were at a moment. */
type Mark = { line: number; calls: readonly number[] };
const markOf = ({ server, all }: World): Mark => ({
  line: server.log.length,
  calls: all.map(({ simulator }) => simulator.calls().length),
});

/** What is to be seen of each cell since the mark. */
async function observed({ server, all, path }: World, mark: Mark): Promise<Omit<Seen, 'device'>[]> {
  const [store, tenants] = [storeTexts(path), await server.tenants()];
  const lines = server.log.slice(mark.line);
  const of = (id: string) => (line: Line) => line.endpoint === `/${id}` || line.tenant === id;
  return all.map(({ cell: { id }, simulator }, n) => ({
    intune: intuneText(simulator.calls().slice(mark.calls[n])),
    store: store(id),
    log: logText(lines.filter(of(id))),
    readiness: readinessText(tenants[id]!),
  }));
}

const owed = ({ all, path }: World): number => {
  const store = storeTexts(path);
  return all.filter(({ cell: { id } }) => store(id).includes('notification')).length;
};
const postponed = ({ server }: World): number =>
  server.log.filter(({ event }) => event === 'notification-postponed').length;
const usable = async ({ server }: World): Promise<boolean> =>
  Object.values(await server.tenants()).every((text) => text === 'ok');
const noneUsable = async ({ server }: World): Promise<boolean> =>
  Object.values(await server.tenants()).every((text) => text !== 'ok');
const allNamed = ({ server, all }: World, { line }: Mark, name: 'tenant-unusable' | 'tenant-usable'): boolean => {
  const named = server.log.slice(line).filter(({ event }) => event === name);
  return new Set(named.map(({ tenant }) => tenant)).size === all.length;
};

/** Looks four times a second. Goes on after `ms`: what is not as it should be is in the records. */
export async function until(holds: () => boolean | Promise<boolean>, ms = 2 * MINUTE): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await pause(250)) if (await holds()) return;
}
