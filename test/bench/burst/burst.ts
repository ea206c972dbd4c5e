/** One burst: what the servers can do, then more than that, then whether all came to a good end. */
import { percentile } from '../measure.ts';
import { ask } from '../processes.ts';
import { arrivals, seededChance } from './arrivals.ts';
import { usedBy } from './capacity.ts';
import { type Device, deviceMaker, thumbprintHeld } from './devices.ts';
import { burst, type Tally } from './generator.ts';
import type { BurstPlan, BurstResult } from './measured.ts';
import { watch } from './load-watch.ts';
import { openPlace, type Place, type Used } from './place.ts';
import { type Holder, listed, proofOf, type Proof } from './proof.ts';
import type { Notified } from './tenant.ts';

/** Challenges that are asked for at once. */
const CHALLENGES = 500;
const SEED = 12;

/** Says what happens, because it takes minutes. */
export type Says = (text: string) => void;

/** Runs it, with servers of its own. */
export async function runBurst(plan: BurstPlan, says: Says): Promise<BurstResult> {
  says(`starting ${plan.store === 'sqlite' ? 'a server on SQLite' : `${plan.replicas} on PostgreSQL behind nginx`}`);
  const place = await openPlace(plan);
  try {
    return await measured(plan, place, says);
  } finally {
    await place.close();
  }
}

async function measured(plan: BurstPlan, place: Place, says: Says): Promise<BurstResult> {
  const { target } = place;
  const before = Math.min(2000, Math.max(400, Math.round(plan.devices / 10)));
  says(`making ${plan.devices + 3 * before} devices`);
  const all = await madeDevices(place, plan.devices + 3 * before);
  const [warmUp, calm, later] = [0, 1, 2].map((n) => all.slice(n * before, (n + 1) * before));
  const crowd = all.slice(3 * before);

  says('measuring the capacity');
  await usedBy(place, warmUp!);
  const calmly = await usedBy(place, calm!);
  const { capacity, cpu } = calmly;

  const arrival = plan.times * capacity;
  says(`${plan.devices} devices arrive, ${Math.round(arrival)} a second; the capacity is ${Math.round(capacity)}`);
  const watched = watch(place);
  const tally = await burst(target, crowd, arrivals(plan.devices, arrival, seededChance(SEED)));
  const longest = await watched.end();
  const [used, sizes] = [await place.used(), await place.sizes()];

  says('measuring the capacity again');
  const { capacity: capacityAfter } = await usedBy(place, later!);

  says('comparing what the devices hold with the store and with Intune');
  const { busy, pending, unreachable, failure } = tally.answers;
  const sumOf = ({ servers, database, tenant, generator }: Used): number => servers + database + tenant + generator;
  const extra = (of: (used: Used) => number): number =>
    busy > plan.devices ? (of(used) - of(calmly.used) - plan.devices * of(cpu)) / busy : Number.NaN;
  return {
    ...plan,
    capacity,
    capacityAfter,
    arrival,
    longest,
    atOnce: tally.atOnce,
    answered: tally.latencies.length / tally.seconds,
    latencies: percentiles(tally.latencies),
    until: percentiles(tally.until),
    seconds: tally.seconds,
    busy,
    pending,
    unreachable,
    failures: failure,
    reasons: tally.reasons,
    retries: tally.retries,
    cpu,
    floor: calmly.floor,
    refusal: { servers: extra(({ servers }) => servers), all: extra(sumOf) },
    octets: (sizes.stored - calmly.before.stored) / (plan.devices + before),
    wal: calmly.wal,
    rss: sizes.rss,
    proof: await proved(place, all),
  };
}

const percentiles = (values: Tally['until']): { p50: number; p99: number } => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
});

async function madeDevices({ tenant, target }: Place, count: number): Promise<Device[]> {
  const make = await deviceMaker(target.ca);
  const devices: Device[] = [];
  while (devices.length < count) {
    const from = devices.length;
    const next = Array.from({ length: Math.min(CHALLENGES, count - from) }, (_, n) => from + n);
    const challenges = (await ask(
      tenant,
      next.map((n) => make.subject(n)),
    )) as string[];
    for (const n of next) devices.push(await make.device(n, challenges[n - from]!));
  }
  return devices;
}

async function proved({ config, tenant, target }: Place, devices: readonly Device[]): Promise<Proof> {
  const holders: Holder[] = [];
  for (const device of devices) {
    const held = device.reply ? await thumbprintHeld(device, target.ca) : undefined;
    holders.push({ subject: device.subject, held });
  }
  return proofOf(holders, await listed(config), (await ask(tenant, 'notified')) as Notified);
}
