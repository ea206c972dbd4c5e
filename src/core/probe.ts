/** Dependencies that must work for the server to be ready. */
import type { Emit } from './events.ts';

/** One dependency. `check` throws when it does not work. */
export type Probe = { name: string; check: () => Promise<void> };

/** `reason` is present when it does not work. It may name hosts and files: it is for administrators only. */
export type ProbeResult = { name: string; reason?: string };

/** One endpoint. `reason`: why it cannot serve; undefined when it can. */
export type EndpointStanding = { name: string; reason: string | undefined };

/** Fails when no endpoint can serve. One that cannot does no harm to the others. */
export const endpointsProbe = (standings: () => readonly EndpointStanding[]): Probe => ({
  name: 'endpoints',
  async check() {
    const now = standings();
    if (now.length > 0 && now.every(({ reason }) => reason !== undefined))
      throw new Error(`no endpoint can serve: ${now.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
  },
});

/** For a detail: `ok`, or `failed` with the reason. */
export const failedOrOk = (reason: string | undefined): string => (reason === undefined ? 'ok' : `failed: ${reason}`);

/** Checks all of them at the same time. What fails is an event too. */
export const runProbes = (probes: readonly Probe[], emit: Emit): Promise<ProbeResult[]> =>
  Promise.all(probes.map((probe) => runProbe(probe, emit)));

async function runProbe({ name, check }: Probe, emit: Emit): Promise<ProbeResult> {
  try {
    await check();
    return { name };
  } catch (err) {
    emit({ event: 'not-ready', probe: name, err });
    return { name, reason: err instanceof Error ? err.message : String(err) };
  }
}
