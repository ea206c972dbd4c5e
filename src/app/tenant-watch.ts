/** The job that asks a tenant again while it cannot be used, so that its cause is known without a device. */
import { HOUR, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { IntuneClient } from '../intune/client.ts';
import type { IntuneHealth } from '../intune/retrying-calls.ts';
import type { IntuneUnreachable } from '../intune/unreachable.ts';
import type { Job } from '../jobs/leased-job.ts';
import { onceIn } from './once-in.ts';

/** `clients` by the name of their tenant; `every`: milliseconds between two runs. */
export type TenantWatchParts = {
  clients: ReadonlyMap<string, IntuneClient>;
  clock: Clock;
  emit: Emit;
  every?: number;
};

/**
 * Each tenant is asked once after the start, then while it cannot be used, and once after a notification that failed. A
 * cause is said once an hour, that of a notification only while notifications fail.
 */
export function tenantWatch({ clients, clock, emit, every = MINUTE }: TenantWatchParts): Job {
  const isNews = onceIn(HOUR, clock);
  const asked = new Set<string>();
  /** By tenant: how the last notification failed, as last looked at. */
  const known = new Map<string, IntuneUnreachable | undefined>();
  /** By tenant: the cause that was last named. */
  const named = new Map<string, IntuneUnreachable>();
  const failedSince = (tenant: string, { notification }: IntuneHealth): IntuneUnreachable | undefined =>
    notification?.fault === known.get(tenant) ? undefined : notification?.fault;
  const name = (tenant: string, fault: IntuneUnreachable): void => {
    named.set(tenant, fault);
    const { hop, status, remedy } = fault;
    // Not the message: it has the id of one call.
    if (isNews(`${tenant} ${hop} ${status} ${remedy}`))
      emit({ event: 'tenant-unusable', tenant, hop, remedy, err: fault });
  };
  const look = async (tenant: string, client: IntuneClient, signal: AbortSignal): Promise<void> => {
    const before = client.health();
    if (!asked.has(tenant) || !before.ok || failedSince(tenant, before))
      await client.check(signal).catch(() => undefined);
    signal.throwIfAborted();
    asked.add(tenant);
    const health = client.health();
    const fault = health.fault ?? failedSince(tenant, health);
    known.set(tenant, health.notification?.fault);
    if (fault) name(tenant, fault);
    // One that failed before is no news, and one that no other has followed says nothing of the tenant now.
    else if (named.get(tenant) !== known.get(tenant) && named.delete(tenant)) emit({ event: 'tenant-usable', tenant });
  };
  const run = async (signal: AbortSignal): Promise<void> =>
    void (await Promise.all([...clients].map(([name, client]) => look(name, client, signal))));
  return { name: 'tenants', every, run };
}
