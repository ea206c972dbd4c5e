/** Sends what devices send: as many as the server can answer, or as they arrive, each until it has a certificate. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLIENT_KINDS, COMPRESSION, waitAfter } from './clients.ts';
import { type CaAnswer, certPoll, type Device } from './devices.ts';
import { type DeviceAnswer, exchange } from './exchange.ts';

/** `open`: messages without an answer now, and `atOnce` the most of them. `latencies`: milliseconds of the answers with a certificate. `until`: seconds from arrival to certificate of each device. */
export type Tally = {
  latencies: number[];
  until: number[];
  answers: Record<DeviceAnswer['kind'], number>;
  retries: number;
  atOnce: number;
  open: number;
  /** Why there was no HTTP answer, and how often. */
  reasons: Record<string, number>;
  /** Seconds from the first arrival to the last certificate. */
  seconds: number;
};

/** Where devices send to. */
export type Target = { url: string; ca: CaAnswer };

/** A device that has sent so many messages without a certificate is given up. */
const MOST_MESSAGES = 200;

const newTally = (): Tally => ({
  latencies: [],
  until: [],
  answers: { certificate: 0, failure: 0, pending: 0, busy: 0, unreachable: 0 },
  retries: 0,
  atOnce: 0,
  open: 0,
  reasons: {},
  seconds: 0,
});

/** `atOnce` devices at a time, one after the other: what the server can do. */
export async function closedLoop(target: Target, devices: readonly Device[], atOnce: number): Promise<Tally> {
  const rest = devices.entries();
  return timed(async (tally) => {
    const turn = async (): Promise<void> => {
      for (const [n, device] of rest) await untilCertified(target, { device, n }, tally);
    };
    await Promise.all(Array.from({ length: atOnce }, turn));
  });
}

/** Each device at its time, in seconds from now. */
export const burst = (target: Target, devices: readonly Device[], times: readonly number[]): Promise<Tally> =>
  timed(async (tally, began) => {
    const arrive = async (device: Device, n: number): Promise<void> => {
      await pause(Math.max(0, times[n]! * 1000 - (performance.now() - began)));
      await untilCertified(target, { device, n }, tally);
    };
    await Promise.all(devices.map(arrive));
  });

async function timed(run: (tally: Tally, began: number) => Promise<void>): Promise<Tally> {
  const tally = newTally();
  const began = performance.now();
  await run(tally, began);
  tally.seconds = (performance.now() - began) / 1000;
  return tally;
}

async function untilCertified(
  { url, ca }: Target,
  { device, n }: { device: Device; n: number },
  tally: Tally,
): Promise<void> {
  const arrived = performance.now();
  let message = device.message;
  let failures = 0;
  for (let sent = 1; sent <= MOST_MESSAGES; sent++) {
    const began = performance.now();
    tally.atOnce = Math.max(tally.atOnce, ++tally.open);
    const answer = await exchange(url, n, message);
    tally.open--;
    tally.answers[answer.kind]++;
    if (answer.kind === 'failure') return;
    if (answer.kind === 'certificate') {
      device.reply = answer.reply;
      tally.latencies.push(performance.now() - began);
      tally.until.push((performance.now() - arrived) / 1000);
      return;
    }
    tally.retries++;
    if (answer.kind === 'unreachable') tally.reasons[answer.reason] = (tally.reasons[answer.reason] ?? 0) + 1;
    failures =
      answer.kind === 'pending' || ('retryAfter' in answer && answer.retryAfter !== undefined) ? 0 : failures + 1;
    if (answer.kind === 'pending' && CLIENT_KINDS[device.kind].polls === 'CertPoll')
      message = await certPoll(device, ca);
    await pause((waitAfter(answer, device.kind, failures) * 1000) / COMPRESSION);
  }
}
