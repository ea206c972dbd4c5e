/** What is left after a server was killed, as the store and the tenant show it. */
import type { Installation, Listed } from './installation.ts';

/** Looks until no certificate waits for an acknowledgement any more; each look starts a process. */
export async function settled(installation: Installation): Promise<Listed[]> {
  for (let look = 0; look < 40; look++) {
    const listed = await installation.certificates();
    if (listed.every(({ state }) => state !== 'issued')) return listed;
  }
  throw new Error('the certificates that were left behind are still neither delivered nor revoked');
}

/** The certificates of one device. */
export const of = (listed: readonly Listed[], device: { subject: string }): Listed[] =>
  listed.filter(({ subject }) => subject === device.subject);

/** How often Intune has accepted a successNotification of this certificate, and how many different ones those were. */
export async function accepted(
  { tenant }: Installation,
  thumbprint: string,
): Promise<[times: number, different: number]> {
  const calls = (await tenant.calls()).filter(({ hop, code }) => hop === 'successNotification' && code === 'Success');
  const bodies = calls.flatMap(({ body }) =>
    body?.notification?.certificateThumbprint === thumbprint ? [JSON.stringify(body)] : [],
  );
  return [bodies.length, new Set(bodies).size];
}

/** Thumbprints of the certificates for which Intune has accepted a successNotification. */
export const acknowledged = async ({ tenant }: Installation): Promise<ReadonlySet<string | undefined>> =>
  new Set(
    (await tenant.calls())
      .filter(({ hop, code }) => hop === 'successNotification' && code === 'Success')
      .map(({ body }) => body?.notification?.certificateThumbprint),
  );
