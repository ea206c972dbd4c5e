/** `npm start`: the whole product on one machine, with a simulated tenant and one simulated device. */
import type { Command } from 'commander';
import { evaluate } from '../evaluation.ts';
import { example, port } from '../options.ts';
import type { Output } from '../output.ts';
import { untilNpmEnded } from '../parents.ts';
import { serveUntilStopped } from '../signals.ts';

type EvaluateOptions = { data: string; port: number; exit?: true };

/** Registers the command. */
export function registerEvaluate(program: Command, output: Output): void {
  program
    .command('evaluate')
    .description('evaluation mode: simulated Intune tenant, local CA, one device enrolled; loopback only')
    .option('--data <dir>', 'folder for CA, store and simulator', 'data')
    .option('--port <number>', 'port of the SCEP URL', port, 8080)
    .option('--exit', 'end after the device is enrolled instead of staying up')
    .addHelpText(...example('openndes evaluate --data /tmp/openndes --port 8090'))
    .action(async (options: EvaluateOptions) => {
      const running = await evaluate({ data: options.data, port: options.port }, output);
      await (options.exit ? running.close() : serveUntilStopped(running, { ended: untilNpmEnded() }));
    });
}
