/** `openndes simulator`: the simulated Intune tenant alone, for tests and for trying a configuration. */
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { SIMULATED_CLOUDS, type SimulatedCloud, cloudNames } from '../../simulator/site.ts';
import { example, port } from '../options.ts';
import type { Output } from '../output.ts';
import { untilStopped } from '../signals.ts';
import { startStoredSimulator } from '../stored-simulator.ts';
import { tenantBlock } from '../tenant-block.ts';

type SimulatorCommandOptions = {
  dir: string;
  port: number;
  controlPort: number;
  publicNames?: SimulatedCloud;
  json?: true;
};

/** Registers the command. */
export function registerSimulator(program: Command, output: Output): void {
  program
    .command('simulator')
    .description('run a simulated Intune tenant on loopback (Entra, Graph and Intune), with a control API')
    .option('--dir <dir>', 'folder for its keys and CA, so that they survive a restart', 'simulator')
    .option('--port <number>', 'port of the simulated services; 0 is a free one', port, 0)
    .option('--control-port <number>', 'port of the control API; 0 is a free one', port, 0)
    .addOption(
      new Option(
        '--public-names <cloud>',
        'answer to the public names of this cloud too; a hosts file points them here (port 443)',
      ).choices(SIMULATED_CLOUDS),
    )
    .option('--json', 'print the first line as one JSON object')
    .addHelpText(...example('openndes simulator --dir sim --json'))
    .action((options: SimulatorCommandOptions) => run(options, output));
}

async function run({ dir, json, publicNames, ...ports }: SimulatorCommandOptions, { out }: Output): Promise<void> {
  const { simulator, trustCa, close } = await startStoredSimulator(dir, {
    ...ports,
    ...(publicNames && { publicNames }),
  });
  const tenant = { ...simulator.tenant, trustCa };
  out(JSON.stringify({ tenant, control: simulator.control, identity: simulator.identity }));
  if (!json) {
    out('Simulated tenant: nothing here is real. Paste this into openndes.yaml:');
    out(tenantBlock('simulated', tenant));
    out(`Control page and API: ${simulator.control}`);
    out(`Keys and CA: ${join(dir)}`);
    if (publicNames) out(`Line of a hosts file: 127.0.0.1 ${cloudNames(publicNames).join(' ')}`);
  }
  await untilStopped();
  await close();
}
