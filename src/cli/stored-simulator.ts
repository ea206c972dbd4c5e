/** The simulator with its keys in a folder, so that challenges and certificates outlive a restart. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SimulatedCloud } from '../simulator/site.ts';
import { type Simulator, type SimulatorState, startSimulator } from '../simulator/simulated-tenant.ts';
import { readPrivateFile, writePrivateFile, writePublicFile } from '../app/files.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** A running simulator; `trustCa` is the absolute path of the CA certificate of its services. */
export type StoredSimulator = { simulator: Simulator; trustCa: string; close: () => Promise<void> };

/** Ports of 0 are those of the last run, or free ones. Throws ConfigError for files that cannot be read. */
export async function startStoredSimulator(dir: string, options: StartOptions): Promise<StoredSimulator> {
  const path = join(dir, 'simulator.json');
  const saved = existsSync(path) ? readSaved(path) : undefined;
  const simulator = await startSimulator({
    clock: systemClock,
    random: systemRandom,
    // The ports of the last run, so that a tenant block in a configuration stays valid.
    port: options.port || (saved?.port ?? 0),
    controlPort: options.controlPort || (saved?.controlPort ?? 0),
    identityPort: saved?.identityPort ?? 0,
    arcTokens: resolve(dir, 'arc-tokens'),
    ...(options.publicNames && { publicNames: options.publicNames }),
    ...(saved && { state: saved.state }),
  });
  const trustCa = resolve(dir, 'simulator-ca.pem');
  const save = (): void => writePrivateFile(path, JSON.stringify(savedOf(simulator)));
  save();
  writePublicFile(trustCa, simulator.caPem);
  // What the control API changed in the app registration is kept too.
  const close = async (): Promise<void> => {
    save();
    await simulator.close();
  };
  return { simulator, trustCa, close };
}

type Ports = { port: number; controlPort: number };
type StartOptions = Ports & { publicNames?: SimulatedCloud };
type SavedSimulator = Ports & { identityPort?: number; state: SimulatorState };

const readSaved = (path: string): SavedSimulator =>
  JSON.parse(readPrivateFile(path, 'the keys of the simulator').toString()) as SavedSimulator;

const savedOf = ({ state, tenant, control, identity }: Simulator): SavedSimulator => ({
  state,
  port: portOf(tenant.cloud.login),
  controlPort: portOf(control),
  identityPort: portOf(identity.imds.endpoint),
});

const portOf = (url: string): number => Number(new URL(url).port);
