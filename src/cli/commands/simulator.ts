/** `openndes simulator`: the simulated Intune tenant alone, for tests and for trying a configuration. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { port } from '../options.ts';
import { type Output } from '../output.ts';
import { untilStopped } from '../signals.ts';
import { startStoredSimulator } from '../stored-simulator.ts';

type SimulatorCommandOptions = { dir: string; port: number; controlPort: number; json?: true };

export function registerSimulator(program: Command, { out }: Output): void {
  program
    .command('simulator')
    .description('run a simulated Intune tenant on loopback (Entra, Graph and Intune), with a control API')
    .option('--dir <dir>', 'folder for its keys and CA, so that they survive a restart', 'simulator')
    .option('--port <number>', 'port of the simulated services; 0 is a free one', port, 0)
    .option('--control-port <number>', 'port of the control API; 0 is a free one', port, 0)
    .option('--json', 'print the first line as one JSON object')
    .addHelpText('after', '\nExample:\n  openndes simulator --dir sim --json')
    .action(async (options: SimulatorCommandOptions) => {
      const { simulator, trustCa } = await startStoredSimulator(options.dir, {
        port: options.port,
        controlPort: options.controlPort,
      });
      const tenant = { ...simulator.tenant, trustCa };
      out(JSON.stringify({ tenant, control: simulator.control }));
      if (!options.json) {
        out('Simulated tenant: nothing here is real. Paste this into openndes.yaml:');
        out(tenantBlock('simulated', tenant));
        out(`Control page and API: ${simulator.control}`);
        out(`Keys and CA: ${join(options.dir)}`);
      }
      await untilStopped();
      await simulator.close();
    });
}

/** The block under `tenants:`, as YAML. */
export function tenantBlock(name: string, tenant: Record<string, unknown>): string {
  const lines = Object.entries(tenant).map(
    ([key, value]) => `    ${key}: ${typeof value === 'object' ? flow(value as object) : JSON.stringify(value)}`,
  );
  return ['tenants:', `  ${name}:`, ...lines].join('\n');
}

const flow = (value: object): string =>
  `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${JSON.stringify(item)}`)
    .join(', ')} }`;
