/** A server under load while the disk of its store is full, until there is space again. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../kit/until.ts';
import { TOKEN } from '../../wiring/administrator.ts';
import { statusAt } from '../../wiring/server.ts';
import type { Load } from './fleet.ts';
import type { FleetServer } from './fleet-installation.ts';

export const isReady = async ({ origin }: FleetServer): Promise<boolean> =>
  (await statusAt(`${origin}/readyz`)) === 200;

/** What an administrator reads about the store. */
export async function standingOfStore({ adminUrl }: Pick<FleetServer, 'adminUrl'>): Promise<string> {
  const response = await fetch(`${adminUrl}/readyz`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const { probes } = (await response.json()) as { probes: Record<string, string> };
  return probes['store'] ?? 'unknown';
}

/** The disk is full now: requests get 503, and the server says why, for as long as it is. */
export async function assertRefusing(server: FleetServer, load: Load, reason: RegExp): Promise<void> {
  const before = load.later();
  await until(() => load.later() > before, '503 with Retry-After');
  await until(async () => !(await isReady(server)), '503 at /readyz');
  assert.match(await standingOfStore(server), reason);
  assert.match(server.complaints().join('\n'), reason);
  const { length } = load.devices.filter(({ outcome }) => outcome === 'issued');
  for (let look = 0; look < 10; look++) {
    assert.equal(await isReady(server), false, `ready at look ${look}`);
    assert.equal(await statusAt(`${server.origin}/strict?operation=GetCACaps`), 200);
    await pause(300);
  }
  assert.equal(load.issued(), length);
}
