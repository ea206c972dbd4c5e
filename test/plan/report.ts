/** What a fleet needs, as text. */
import { capacitiesFor, type PlayedBurst, playedBurst } from './bursts.ts';
import { COSTS } from './costs.ts';
import { type Fleet, type Needs, needsOf, replicasFor } from './needs.ts';
import { count, size, time } from './words.ts';

const row = (name: string, text: string): string => `  ${name.padEnd(34)} ${text}`;

/** The whole answer of `npm run plan`. */
export function reportOf(fleet: Fleet): string {
  const needs = needsOf(fleet);
  return [
    `${count(fleet.devices)} devices, certificates of ${count(fleet.lifetime)} days, all of them once within ${time(fleet.burst)}`,
    ...needLines(fleet, needs),
    '',
    'The burst, with these servers, and with such that can do a half and a third of what arrives:',
    ...capacitiesFor(needs).map((capacity) => burstLine(playedBurst(fleet, capacity))),
    '',
    'Settings of PostgreSQL (rules of thumb, docs/scaling.md):',
    ...Object.entries(needs.settings).map(([name, value]) => row(name, value)),
    '',
    'Computed from what was measured (test/plan/costs.ts):',
    ...Object.entries(COSTS).map(([name, { value, unit, from }]) => row(`${name} ${value} ${unit}`, from)),
  ].join('\n');
}

function needLines(fleet: Fleet, needs: Needs): string[] {
  const { mainThread, validations } = replicasFor(fleet);
  const { replicas, threads } = needs;
  return [
    row('enrolments a second', `${count(needs.arrival)} in the burst, ${count(needs.steady)} on average`),
    row('cores of the servers', `${needs.cores}: ${replicas} replicas with listen.workers ${threads}`),
    row(
      'replicas at least',
      `${mainThread} for the main threads, ${validations} for Intune at ${fleet.intune} ms, 2 so that one can be replaced`,
    ),
    row('memory of a replica', `${needs.memory} MB`),
    row('cores of the database', String(needs.databaseCores)),
    row('connections', `${needs.connections}, of which ${Math.ceil(needs.committing)} wait for the disk in the burst`),
    row(`disk after ${count(fleet.years)} years`, `${size(needs.stored)}, when nothing is erased`),
    row('log of PostgreSQL', `${size(needs.walPerDay)} a day, ${size(needs.walRate)} a second in the burst`),
    row(
      `revocation list at ${count(fleet.revoked * 100)} %`,
      `${size(needs.crl)}, ${time(needs.crlCpu)} of CPU to make it`,
    ),
    row(
      'one server on SQLite',
      needs.sqlite === undefined ? 'not enough' : `enough, with ${size(needs.sqlite)} of disk`,
    ),
  ];
}

const burstLine = ({ capacity, seconds, until, refused }: PlayedBurst): string =>
  row(
    `${count(capacity)} a second`,
    `last certificate after ${time(seconds)}; wait of a device p50 ${time(until.p50)}, p99 ${time(until.p99)}, ${count(refused)} × 503`,
  );
