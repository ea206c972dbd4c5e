/** Dependencies that must work for the server to be ready. */
import type { Emit } from './events.ts';

/** One dependency. `check` throws when it does not work. */
export type Probe = { name: string; check: () => Promise<void> };

/** `reason` is present when it does not work. It may name hosts and files: it is for administrators only. */
export type ProbeResult = { name: string; reason?: string };

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
