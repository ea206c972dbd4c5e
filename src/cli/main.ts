/** The command line. Every command registers itself; an error is printed as one sentence with a remedy and an exit code. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../core/errors.ts';
import { registerAudit } from './commands/audit-commands.ts';
import { registerBackup, registerRestore } from './commands/backup.ts';
import { registerBlock } from './commands/block.ts';
import { registerCa } from './commands/ca.ts';
import { registerCerts } from './commands/certs.ts';
import { registerChallenge } from './commands/challenge.ts';
import { registerCheck } from './commands/check.ts';
import { registerClock } from './commands/clock.ts';
import { registerDirectory } from './commands/directory-commands.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEnroll } from './commands/enroll.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerExplain } from './commands/explain.ts';
import { registerExport } from './commands/export-commands.ts';
import { registerHashPassword } from './commands/hash-password.ts';
import { registerInit } from './commands/init.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerMessages } from './commands/message-commands.ts';
import { registerNotifications } from './commands/notification-commands.ts';
import { registerOrders } from './commands/order-commands.ts';
import { registerProfiles } from './commands/profiles-test.ts';
import { registerPfx } from './commands/pfx.ts';
import { registerPerson } from './commands/person-commands.ts';
import { registerProposals } from './commands/proposal-commands.ts';
import { registerProbe } from './commands/probe-urls.ts';
import { registerServe } from './commands/serve.ts';
import { registerSimulator } from './commands/simulator.ts';
import { registerStore } from './commands/store-commands.ts';
import { registerTrace } from './commands/trace.ts';
import { registerTokens } from './commands/token-commands.ts';
import { EXIT, Exit } from './exit.ts';
import { type Output, printableLines, standardOutput } from './output.ts';
import { VERSION } from '../app/version.ts';

const COMMANDS = [
  registerInit,
  registerServe,
  registerCheck,
  registerDoctor,
  registerEnroll,
  registerProbe,
  registerTrace,
  registerCerts,
  registerChallenge,
  registerJobs,
  registerNotifications,
  registerOrders,
  registerMessages,
  registerBlock,
  registerDirectory,
  registerClock,
  registerStore,
  registerAudit,
  registerExport,
  registerPerson,
  registerPfx,
  registerBackup,
  registerRestore,
  registerHashPassword,
  registerTokens,
  registerCa,
  registerExplain,
  registerProfiles,
  registerSimulator,
  registerEvaluate,
];

/** The whole command line as a commander program. */
export function program(output: Output = standardOutput): Command {
  const root = new Command('openndes')
    .description('SCEP enrolment server for Microsoft Intune and every other SCEP client')
    .version(VERSION)
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
    .exitOverride();
  for (const register of COMMANDS) register(root, output);
  registerProposals(root, output, async ({ words, ...confirmed }) => {
    await program({ ...output, words, confirmed }).parseAsync(words, { from: 'user' });
  });
  return root;
}

/** Runs one command and returns its exit code. */
export async function main(args: readonly string[], output: Output = standardOutput): Promise<number> {
  try {
    await program({ ...output, words: args }).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return exitCode(error, output);
  }
}

function exitCode(error: unknown, { err }: Output): number {
  if (error instanceof Exit) return error.code;
  if (error instanceof CommanderError) return error.exitCode;
  // It may repeat what a device or another server wrote.
  err(printableLines(error instanceof Error ? error.message : String(error)));
  const remedy = error instanceof Error && 'remedy' in error ? error.remedy : undefined;
  // A fault of PostgreSQL has it in its message, for the log.
  if (typeof remedy === 'string' && !(error as Error).message.endsWith(remedy)) err(printableLines(remedy));
  return error instanceof ConfigError ? EXIT.configuration : EXIT.failed;
}
