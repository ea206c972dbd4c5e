/** `openndes serve`: runs the server until SIGTERM or SIGINT; SIGHUP loads the configuration again. */
import type { Command } from 'commander';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';
import { startServer } from '../../app/configured-server.ts';
import { keepHangup, serveUntilStopped } from '../signals.ts';

/** Registers the command. */
export function registerServe(program: Command, { out }: Output): void {
  program
    .command('serve')
    .description('run the server')
    .option(...CONFIG)
    .addHelpText(...example('openndes serve --config /etc/openndes/openndes.yaml'))
    .action(async ({ config }: { config: string }) => {
      const kept = keepHangup();
      const server = await startServer(config);
      // Before the line "Ready": a program that reads it may send SIGTERM at once.
      const stopped = serveUntilStopped(server, { kept });
      out(`Ready: ${server.urls.join(' ')}`);
      if (server.adminUrl !== undefined) out(`Administrators: ${server.adminUrl}`);
      if (server.metricsUrl !== undefined) out(`Metrics: ${server.metricsUrl}`);
      await stopped;
    });
}
