/**
 * What one enrolment costs, as measured. CPU is in floors: one floor is the six public-key operations that cannot be avoided
 * (`test/bench/floor.ts`), so that the figures of a busy hour and of another machine can be compared.
 */

/** `from`: the command that gave it, and on which machine. */
export type Cost = { value: number; unit: string; from: string };

const MACHINE = '2 virtual cores of an AMD EPYC, Node.js 24.21, PostgreSQL 15';
const BURST_SQLITE = `npm run bench -- burst --store sqlite; ${MACHINE}`;
const BURST_POSTGRES = `npm run bench -- burst --store postgres; ${MACHINE}`;
const DECIDED = 'a bound in the code';

export const COSTS = {
  floor: { value: 924, unit: 'µs', from: `npm run bench; ${MACHINE}, quiet` },
  /** One process, its threads and its main thread, with Intune and `notify: strict`, on PostgreSQL. */
  servers: { value: 1.63, unit: 'floors', from: BURST_POSTGRES },
  /** Of it the main thread: HTTP, and the two calls to Intune. It cannot be divided. */
  main: { value: 0.44, unit: 'floors', from: BURST_SQLITE },
  database: { value: 0.41, unit: 'floors', from: BURST_POSTGRES },
  refusal: { value: 0.034, unit: 'enrolments', from: BURST_POSTGRES },
  /** The part of the cores that enrolments can have. */
  usable: { value: 0.85, unit: '', from: `npm run bench, "of two floors" × CPU; ${MACHINE}` },
  commit: {
    value: 2,
    unit: 'ms',
    from: 'an ordinary SSD with a write barrier; on the machine of the measurements 0.1 ms',
  },
  /** The certificate before the notification, and that Intune took it. */
  commits: { value: 2, unit: 'transactions', from: 'docs/architecture.md: notify: strict' },
  stored: { value: 5_290, unit: 'octets', from: BURST_POSTGRES },
  storedSqlite: { value: 2_440, unit: 'octets', from: BURST_SQLITE },
  wal: { value: 11_891, unit: 'octets', from: BURST_POSTGRES },
  crlEntry: { value: 45, unit: 'octets', from: `4.5 MB for 100,000 entries, docs/performance.md; ${MACHINE}` },
  crlEntryCpu: { value: 6.5, unit: 'µs', from: `0.65 s for 100,000 entries, docs/performance.md; ${MACHINE}` },
  memory: { value: 250, unit: 'MB', from: 'docs/performance.md, one thread' },
  memoryOfThread: { value: 60, unit: 'MB', from: 'docs/performance.md, two threads' },
  connectionsOfServer: { value: 7, unit: 'connections', from: DECIDED },
  connectionsOfThread: { value: 5, unit: 'connections', from: DECIDED },
  validations: { value: 64, unit: 'calls of one server at a time', from: DECIDED },
  running: { value: 512, unit: 'requests of one endpoint at a time', from: `listen.mostRunning, ${DECIDED}` },
} as const satisfies Readonly<Record<string, Cost>>;
