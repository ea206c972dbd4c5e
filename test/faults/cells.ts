/** Every call × every fault × both ways of telling Intune. */
import { type Fault, type FaultName, FAULTS } from './faults.table.ts';
import { type Hop, type HopName, HOPS, JOB_HOPS, type JobHopName } from './hops.table.ts';

export const MODES = ['strict', 'outbox'] as const;
export type Mode = (typeof MODES)[number];

/** `id` is the name of the endpoint, of the tenant and of the device. */
export type Cell = { id: string; hop: HopName; fault: FaultName; mode: Mode };

const word = (text: string): string => text.replaceAll(/[^A-Za-z0-9]+/g, '-');

/** The faults that this call can have. */
export function faultsOf(name: HopName): FaultName[] {
  const hop: Hop = HOPS[name];
  const faults = Object.entries(FAULTS) as [FaultName, Fault][];
  return faults.flatMap(([fault, { tls }]) => (hop.plain && tls ? [] : [fault]));
}

export const CELLS: readonly Cell[] = (Object.keys(HOPS) as HopName[]).flatMap((hop) =>
  faultsOf(hop).flatMap((fault) => MODES.map((mode) => ({ id: `${hop}-${word(fault)}-${mode}`, hop, fault, mode }))),
);

/** What is recorded of one enrolment. */
export type Seen = {
  /** What the device got. */
  device: string;
  /** The calls about the request that came to Intune, and how many of each it did. */
  intune: string;
  /** Certificates, waiting requests and notifications. */
  store: string;
  log: string;
  readiness: string;
};

/** `during`: while the fault stays. `after`: from when it is lifted. */
export type Outcome = { during: Seen; after: Seen };

/** `id` is the name of the tenant and of the endpoint. A job asks for nothing that `notify` changes. */
export type JobCell = { id: string; hop: JobHopName; fault: FaultName };

export const JOB_CELLS: readonly JobCell[] = (Object.keys(JOB_HOPS) as JobHopName[]).flatMap((hop) =>
  (Object.keys(FAULTS) as FaultName[]).map((fault) => ({ id: `${hop}-${word(fault)}`, hop, fault })),
);

/** What is recorded of one job. */
export type JobSeen = {
  /** How its last run ended, as `openndes jobs` shows it. */
  job: string;
  /** The calls that came to Intune, and what it was told. */
  intune: string;
  /** The certificates, and the requests to revoke some. */
  store: string;
  log: string;
};

export type JobOutcome = { during: JobSeen; after: JobSeen };
