/** The traces of the devices that have no certificate, for a support case: what they asked, and what is the matter. */
import type { StoredAttempt } from '../../core/attempt-store.ts';
import { deviceOf } from '../../trace/device.ts';
import { lookUp, type Trace, type TracedStore } from '../../trace/look-up.ts';

/** Traces in an archive, and steps of each: the newest. */
const MOST = { traces: 50, steps: 40 };

/** Attempts among which those are looked for that came to nothing. */
const LATEST = 1_000;

/** Of devices whose last request failed or waits, and of addresses that asked and never sent one; the newest first. */
export async function recentTraces(store: TracedStore): Promise<Trace[]> {
  const latest = await store.findAttempts({ limit: LATEST });
  const names = [...new Set(latest.map(nameOf))];
  const traces: Trace[] = [];
  for (const name of names) {
    if (traces.length >= MOST.traces) break;
    const found = await lookUp(name, { store });
    const trace = found.kind === 'trace' ? found.trace : found.kind === 'devices' ? found.silent : undefined;
    if (trace && trace.verdict.state !== 'issued') traces.push({ ...trace, steps: trace.steps.slice(-MOST.steps) });
  }
  return traces;
}

const nameOf = (attempt: StoredAttempt): string => deviceOf(attempt) ?? attempt.address;
