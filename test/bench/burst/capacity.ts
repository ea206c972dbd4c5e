/** What the servers can do, and what one enrolment costs them. */
import { ask, start, stop } from '../processes.ts';
import type { Device } from './devices.ts';
import { closedLoop } from './generator.ts';
import type { Place, Used } from './place.ts';

/** Devices at a time. */
const AT_ONCE = 32;

/** Sends what these devices send, a few at a time. CPU and octets of the log are those of one enrolment. */
export async function usedBy(place: Place, devices: readonly Device[]) {
  const { child: floor } = await start('floor.ts', ['rsa-2048']);
  const floorBefore = (await ask(floor, 'floor')) as number;
  const [usedBefore, before] = [await place.used(), await place.sizes()];
  const { seconds } = await closedLoop(place.target, devices, AT_ONCE);
  const [used, after] = [await place.used(), await place.sizes()];
  const floorAfter = (await ask(floor, 'floor')) as number;
  await stop(floor);
  const names = Object.keys(used) as (keyof Used)[];
  const each = names.map((name) => [name, (used[name] - usedBefore[name]) / devices.length]);
  return {
    capacity: devices.length / seconds,
    floor: (floorBefore + floorAfter) / 2,
    cpu: Object.fromEntries(each) as Used,
    wal: (after.wal - before.wal) / devices.length,
    used,
    before,
  };
}
