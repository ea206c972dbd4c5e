/** The simulator with its keys in a folder, so that challenges and certificates outlive a restart. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Simulator, type SimulatorState, startSimulator } from '../simulator/simulated-tenant.ts';
import { readPrivateFile, writePrivateFile, writePublicFile } from '../app/files.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** `trustCa`: absolute path of the CA certificate of the simulated services. Throws ConfigError on unreadable files. */
export async function startStoredSimulator(
  dir: string,
  ports: { port: number; controlPort: number },
): Promise<{ simulator: Simulator; trustCa: string }> {
  const path = join(dir, 'simulator.json');
  const kept = existsSync(path)
    ? (JSON.parse(readPrivateFile(path, 'the keys of the simulator').toString()) as SavedSimulator)
    : undefined;
  // The ports of last time, so that a tenant block pasted into a configuration stays good.
  const port = ports.port || (kept?.port ?? 0);
  const controlPort = ports.controlPort || (kept?.controlPort ?? 0);
  const simulator = await startSimulator({
    clock: systemClock,
    random: systemRandom,
    port,
    controlPort,
    ...(kept && { state: kept.state }),
  });
  const trustCa = resolve(dir, 'simulator-ca.pem');
  const now: SavedSimulator = {
    state: simulator.state,
    port: portOf(simulator.tenant.cloud.login),
    controlPort: portOf(simulator.control),
  };
  writePrivateFile(path, JSON.stringify(now));
  writePublicFile(trustCa, simulator.caPem);
  return { simulator, trustCa };
}

type SavedSimulator = { state: SimulatorState; port: number; controlPort: number };

const portOf = (url: string): number => Number(new URL(url).port);
