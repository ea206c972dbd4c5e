/** `openndes trace`: what a device asked, and why it has no certificate. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import type { Store } from '../../core/store.ts';
import { systemPause } from '../../embed/system.ts';
import { lookUp, type LookedUp } from '../../trace/look-up.ts';
import type { TraceStep } from '../../trace/verdict.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { untilStopped } from '../signals.ts';
import { stepList, traceReport } from '../trace-report.ts';
import { failed, withStore } from './certs-store.ts';

type TraceOptions = { config: string; json?: true; follow?: true };

/** Registers the command. */
export function registerTrace(program: Command, output: Output): void {
  program
    .command('trace')
    .description('all requests of a device, what became of them, and what to do; exit 1 when nothing is known of it')
    .argument(
      '<query>',
      'device name, UPN, serial number, DNS name, Intune device id, transactionID, address, or serial number or thumbprint of the certificate; or its beginning',
    )
    .option(...CONFIG)
    .option('--json', 'JSON; with --follow one line for each further request')
    .option('--follow', 'goes on with further requests of the same device, until Ctrl-C')
    .addHelpText(...example('openndes trace laptop-17'))
    .action((query: string, options: TraceOptions) =>
      withStore(options.config, output, ({ store }) => trace(query, { store, options, output })),
    );
}

type Tracing = { store: Store; options: TraceOptions; output: Output };

async function trace(query: string, { store, options, output }: Tracing): Promise<void> {
  const { json, follow } = options;
  const found = await lookUp(query, { store });
  if (isNothing(found) && !follow) failed(nothingOf(query), output.err);
  if (isNothing(found)) output.err(nothingOf(query));
  else output.out(json ? jsonText(found) : traceReport(found));
  if (follow) await followed(query, { store, options, output, seen: idsIn(found) });
}

const isNothing = (found: LookedUp): boolean => found.kind === 'names' && found.names.length === 0;

const nothingOf = (query: string): string =>
  `Nothing is recorded of ${printable(query)}. A request that never arrived leaves nothing: look at the URL in the profile, DNS, firewall and proxy. docs/trace.md has more.`;

const stepsIn = (found: LookedUp): readonly TraceStep[] => (found.kind === 'trace' ? found.trace.steps : []);
const idsIn = (found: LookedUp): Set<number> => new Set(stepsIn(found).map(({ id }) => id));

/** Milliseconds between two looks. */
const EVERY = 1_000;

/** Prints what is new, once a second. */
async function followed(
  query: string,
  { store, options, output, seen }: Tracing & { seen: Set<number> },
): Promise<void> {
  const stopped = untilStopped().then(() => 'stopped' as const);
  while ((await Promise.race([stopped, systemPause(EVERY)])) !== 'stopped') {
    const steps = stepsIn(await lookUp(query, { store })).filter(({ id }) => !seen.has(id));
    for (const step of steps) seen.add(step.id);
    if (options.json) steps.forEach((step) => output.out(jsonText(step)));
    else if (steps.length > 0) output.out(stepList(steps));
  }
}
