/** What a fleet needs, by arithmetic from the measured costs. */
import { COSTS } from './costs.ts';

const SECONDS_OF_A_DAY = 86_400;
const GB = 2 ** 30;

/** `lifetime` in days, `burst` in seconds, `intune` in milliseconds for one call, `floor` in microseconds, `revoked` from 0 to 1. */
export type Fleet = {
  devices: number;
  lifetime: number;
  /** In this time each device enrols once. */
  burst: number;
  /** For so many years everything is kept. */
  years: number;
  revoked: number;
  intune: number;
  /** The six operations that cannot be avoided, on a core of the machine; `npm run bench` prints them. */
  floor: number;
};

/** Sizes in octets; `arrival`, `steady` and `walRate` per second. */
export type Needs = {
  arrival: number;
  steady: number;
  cores: number;
  replicas: number;
  threads: number;
  /** Enrolments a second that these cores can do, and Intune for these replicas. */
  capacity: number;
  databaseCores: number;
  connections: number;
  /** Transactions that wait for the disk at the same time. */
  committing: number;
  stored: number;
  walRate: number;
  walPerDay: number;
  crl: number;
  /** Seconds of CPU for one list. */
  crlCpu: number;
  /** Megabytes of one replica. */
  memory: number;
  /** Octets of the file when one server on SQLite is enough for this fleet. */
  sqlite: number | undefined;
  settings: Readonly<Record<string, string>>;
};

export const DEFAULTS = { years: 1, revoked: 0.01, intune: 300, floor: COSTS.floor.value } as const;

/** On PostgreSQL, with two servers at least: one can be replaced while the other one serves. */
export function needsOf(fleet: Fleet): Needs {
  const { devices, lifetime, burst, years } = fleet;
  const arrival = devices / burst;
  const steady = devices / lifetime / SECONDS_OF_A_DAY;
  // Floors that a core can do in a second.
  const perCore = (1e6 / fleet.floor) * COSTS.usable.value;
  const cores = Math.ceil((arrival * COSTS.servers.value) / perCore);
  const replicas = Math.max(2, ...Object.values(replicasFor(fleet)));
  const threads = Math.ceil(cores / replicas);
  // One thread is the main thread.
  const further = threads > 1 ? threads : 0;
  const connections = replicas * (COSTS.connectionsOfServer.value + further * COSTS.connectionsOfThread.value);
  const kept = devices * Math.max(1, (years * 365) / lifetime);
  const stored = kept * COSTS.stored.value;
  const walRate = arrival * COSTS.wal.value;
  return {
    arrival,
    steady,
    cores: replicas * threads,
    replicas,
    threads,
    capacity: Math.min(
      (replicas * threads * perCore) / COSTS.servers.value,
      (replicas * COSTS.validations.value * 1000) / fleet.intune,
    ),
    databaseCores: Math.ceil((arrival * COSTS.database.value) / perCore),
    connections,
    committing: (arrival * COSTS.commits.value * COSTS.commit.value) / 1000,
    stored,
    walRate,
    walPerDay: steady * SECONDS_OF_A_DAY * COSTS.wal.value,
    crl: devices * fleet.revoked * COSTS.crlEntry.value,
    crlCpu: (devices * fleet.revoked * COSTS.crlEntryCpu.value) / 1e6,
    memory: COSTS.memory.value + further * COSTS.memoryOfThread.value,
    sqlite: Math.max(...Object.values(replicasFor(fleet))) > 1 ? undefined : kept * COSTS.storedSqlite.value,
    settings: settingsFor({ devices, connections, stored, walRate }),
  };
}

/** How many server processes each bound of one process asks for: its main thread, and its calls to Intune. */
export function replicasFor({
  devices,
  burst,
  floor,
  intune,
}: Fleet): Record<'mainThread' | 'validations' | 'running', number> {
  const arrival = devices / burst;
  const waiting = (arrival * intune) / 1000;
  return {
    mainThread: Math.ceil((arrival * COSTS.main.value * floor) / 1e6 / COSTS.usable.value),
    validations: Math.ceil(waiting / COSTS.validations.value),
    // It waits twice: for the validation and for the notification.
    running: Math.ceil((2 * waiting) / COSTS.running.value),
  };
}

type Sizes = { devices: number; connections: number; stored: number; walRate: number };

/** Rules of thumb, not measured: docs/scaling.md says which. */
const settingsFor = ({ devices, connections, stored, walRate }: Sizes): Record<string, string> => ({
  max_connections: String(Math.max(100, 50 * Math.ceil((connections + 20) / 50))),
  shared_buffers: `${(1024 * powerOfTwo(Math.min(Math.max(stored / 10, GB / 4), 64 * GB))) / GB}MB`,
  max_wal_size: `${Math.min(64, Math.max(1, Math.ceil((walRate * 1800) / GB)))}GB`,
  checkpoint_timeout: '15min',
  autovacuum_vacuum_scale_factor: String(Math.min(0.2, Math.max(0.001, 1e5 / devices))),
});

const powerOfTwo = (octets: number): number => 2 ** Math.ceil(Math.log2(octets));
