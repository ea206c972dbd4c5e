/** The result of a burst as text. */
import type { BurstResult } from './measured.ts';
import { holds, type Proof } from './proof.ts';

const number = (value: number): string => (value < 20 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const row = (name: string, text: string): string => `  ${name.padEnd(36)}${text}`;

/** A heading, and a line for each figure. */
export function reportOf(result: BurstResult): string {
  const { devices, store, replicas, times, answerWithin, longest, latencies, until, cpu, proof } = result;
  const servers = store === 'sqlite' ? 'SQLite' : `${replicas} replicas on PostgreSQL behind nginx`;
  return [
    `${number(devices)} devices at ${times} times the capacity, ${servers}, listen.answerWithin ${answerWithin} s`,
    row('capacity, 32 at a time', `${number(result.capacity)} a second, afterwards ${number(result.capacityAfter)}`),
    row('arrivals', `${number(result.arrival)} a second for ${number(devices / result.arrival)} s`),
    row('longest queue', `${number(longest.queued)} requests, answerable in ${number(longest.answerMs / 1000)} s`),
    row('  running then; at once', `${longest.running}; ${result.atOnce} without an answer at most`),
    row('certificates', `${number(result.answered)} a second`),
    row('answers with a certificate', `p50 ${number(latencies.p50)} ms, p99 ${number(latencies.p99)} ms`),
    row('503', number(result.busy)),
    row(
      'PENDING, FAILURE, no answer',
      `${result.pending}, ${result.failures}, ${result.unreachable} ${reasonsText(result)}`,
    ),
    row('retries of a device', (result.retries / devices).toFixed(2)),
    row('from arrival to certificate', `p50 ${number(until.p50)} s, p99 ${number(until.p99)} s`),
    row('until the last certificate', `${number(result.seconds)} s`),
    row(
      'CPU of one enrolment: servers',
      `${number(cpu.servers)} µs, of it main thread ${number(cpu.main)}, floor ${number(result.floor)}`,
    ),
    row('  database, Intune, devices', `${[cpu.database, cpu.tenant, cpu.generator].map(number).join(', ')} µs`),
    row('CPU of a 503: servers; all', refusalText(result)),
    row(
      'octets of one certificate',
      `${number(result.octets)} in the store, ${number(result.wal)} in the log of PostgreSQL`,
    ),
    row('memory of a server at the end', `${number(result.rss / 2 ** 20)} MB`),
    ...proofLines(proof),
  ].join('\n');
}

const reasonsText = ({ reasons }: BurstResult): string =>
  Object.entries(reasons)
    .map(([reason, count]) => `(${reason}: ${count})`)
    .join(' ');

const refusalText = ({ refusal }: BurstResult): string =>
  Number.isNaN(refusal.servers) ? 'too few to tell' : `${number(refusal.servers)}; ${number(refusal.all)} µs`;

const proofLines = (proof: Proof): string[] => [
  row('devices without a certificate', String(proof.without)),
  row('  whose certificate is not stored', String(proof.differing)),
  row('  with more than one', String(proof.several)),
  row('  Intune was not told of', String(proof.untold)),
  row('certificates that no device holds', String(proof.unknown)),
  row('notifications that came again', String(proof.toldAgain)),
  holds(proof)
    ? '  Each device holds one certificate, the store has it, and Intune was told of it.'
    : '  FAILED: devices, store and Intune do not agree.',
];
