/** The job that asks a tenant again while it cannot be used, so that its cause is known without a device. */
import { HOUR, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { IntuneClient } from '../intune/client.ts';
import type { Job } from '../jobs/leased-job.ts';
import { onceIn } from './once-in.ts';

/** `clients` by the name of their tenant; `every`: milliseconds between two runs. */
export type TenantWatchParts = {
  clients: ReadonlyMap<string, IntuneClient>;
  clock: Clock;
  emit: Emit;
  every?: number;
};

/** Each tenant is asked once after the start, and then only while it cannot be used. A cause is said once an hour. */
export function tenantWatch({ clients, clock, emit, every = MINUTE }: TenantWatchParts): Job {
  const isNews = onceIn(HOUR, clock);
  const asked = new Set<string>();
  const unusable = new Set<string>();
  const look = async (tenant: string, client: IntuneClient, signal: AbortSignal): Promise<void> => {
    if (!asked.has(tenant) || !client.health().ok) await client.check(signal).catch(() => undefined);
    signal.throwIfAborted();
    asked.add(tenant);
    const { fault } = client.health();
    if (fault) {
      unusable.add(tenant);
      const { hop, status, remedy } = fault;
      // Not the message: it has the id of one call.
      if (isNews(`${tenant} ${hop} ${status} ${remedy}`))
        emit({ event: 'tenant-unusable', tenant, hop, remedy, err: fault });
    } else if (unusable.delete(tenant)) emit({ event: 'tenant-usable', tenant });
  };
  const run = async (signal: AbortSignal): Promise<void> =>
    void (await Promise.all([...clients].map(([name, client]) => look(name, client, signal))));
  return { name: 'tenants', every, run };
}
