/** Makes the CA product that a program calls. */
import type { CommandBackend } from '../backends/command/command-backend.ts';
import type { CommandSettings } from '../backends/command/command-settings.ts';
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { commonPeriod, periodFor } from '../ca/validity.ts';
import { deadlineIn, systemClock } from '../embed/system.ts';
import { runCommand } from './command-run.ts';
import type { IssuerPlace } from './issuer-place.ts';

/** Programs of one authority and profile that run at the same time; the next ones wait. */
const MOST_COMMANDS = 8;

/** Throws ConfigError for settings with which no program could be called safely. */
export async function commandProduct(
  settings: Omit<CommandSettings, 'mostRunning'>,
  { profile, certificate, chain }: IssuerPlace,
): Promise<CommandBackend> {
  const { commandBackend } = await import('../backends/command/command-backend.ts');
  const ca = readCaCertificate(certificate, systemClock());
  const above = readChain(ca, chain, systemClock());
  const period = commonPeriod([ca, ...above]);
  return commandBackend(
    { ...settings, mostRunning: MOST_COMMANDS },
    {
      run: runCommand,
      limit: deadlineIn,
      chain: [certificate, ...above.map(({ der }) => der)],
      notAfter: ({ csr }) => periodFor(profile, period, csr.requestedValidity, systemClock()).notAfter,
    },
  );
}
