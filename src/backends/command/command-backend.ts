/** A CA that is called by a program of the administrator: any CA, by a script of a few lines or a helper of its vendor. */
import { defined } from '../../core/defined.ts';
import { IssuerError } from '../../core/errors.ts';
import {
  type EndpointIssuer,
  type Finder,
  type Health,
  type IssuerCapabilities,
  REVOCATION_REASONS,
  type RevocationReason,
  type Revoker,
} from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { semaphore } from '../../core/semaphore.ts';
import { assertCommand } from './command-checks.ts';
import { type CommandOrder, exchange, type GoodAnswer } from './command-exchange.ts';
import { commandFault } from './command-fault.ts';
import { certificateOrder, releaseOrder, revokeOrder } from './command-orders.ts';
import { assertDone, found, keptChains, made } from './command-results.ts';
import type { CommandSettings, RunCommand } from './command-settings.ts';

/**
 * What the backend gets from the system. `limit`: a signal that aborts after so many milliseconds. `chain`: of the CA that the
 * administrator has pinned, the issuing CA first. `notAfter`: when a certificate for this request must end.
 */
export type CommandServices = {
  run: RunCommand;
  limit: (milliseconds: number) => AbortSignal;
  chain: readonly Uint8Array[];
  notAfter: (request: EnrollmentRequest) => Date;
};

/** It has `poll`, `find`, `release` and `check` where the settings declare them. `revoke` is always there, so that nothing is forgotten. */
export type CommandBackend = EndpointIssuer & Partial<Finder & Health> & Revoker;

type Ask = (order: CommandOrder, signal: AbortSignal) => Promise<GoodAnswer>;

/** How many calls wait for each one that may run. */
const WAITING = 25;

/** Throws ConfigError for settings with which no program could be called safely. */
export function commandBackend(settings: CommandSettings, services: CommandServices): CommandBackend {
  assertCommand(settings);
  const turns = semaphore({ permits: settings.mostRunning, queue: settings.mostRunning * WAITING });
  const ask: Ask = (order, signal) => exchange(order, settings, { ...services, turns }, signal);
  return {
    backend: 'command',
    capabilities: declared(settings),
    ...issuing(settings, services, ask),
    ...revoking(settings, ask),
    ...(settings.operations.includes('check') && { check: health(ask) }),
  };
}

/** What a CA lacks of them its program replaces by `unspecified`. */
const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];

const declared = (settings: CommandSettings): IssuerCapabilities => ({
  sanFromCsr: true,
  validityOverride: true,
  pending: settings.operations.includes('poll'),
  find: settings.operations.includes('find'),
  revokeReasons: settings.operations.includes('revoke') ? REASONS : [],
});

function issuing(
  { operations }: CommandSettings,
  { chain, notAfter }: CommandServices,
  ask: Ask,
): Pick<CommandBackend, 'issue' | 'poll' | 'find'> {
  const chainOf = keptChains(chain);
  const order = (operation: 'issue' | 'find', request: EnrollmentRequest): CommandOrder =>
    certificateOrder(operation, request, notAfter(request));
  return {
    async issue(request, _, signal) {
      const answer = await ask(order('issue', request), signal);
      if (answer.status === 'pending' && !operations.includes('poll')) throw unpolled();
      return made(answer, 'issue', chainOf);
    },
    ...(operations.includes('poll') && {
      poll: async (reference, signal) =>
        made(await ask({ operation: 'poll', fields: { reference } }, signal), 'poll', chainOf),
    }),
    ...(operations.includes('find') && {
      find: async (request, signal) => found(await ask(order('find', request), signal), chainOf),
    }),
  };
}

const unpolled = (): IssuerError =>
  commandFault('misconfigured', 'the command answered `pending`, and `poll` is not among its operations');

function revoking({ operations }: CommandSettings, ask: Ask): Revoker {
  return {
    async revoke(order, signal) {
      if (!operations.includes('revoke')) throw owed(order.serial);
      assertDone(await ask(revokeOrder(order), signal), 'revoke');
    },
    ...(operations.includes('release') && {
      release: async (order, signal) => assertDone(await ask(releaseOrder(order), signal), 'release'),
    }),
  };
}

/** An administrator of that CA must revoke. Success would be a lie, so it is tried again and reported until it is done. */
const owed = (serial: string): IssuerError =>
  commandFault(
    'misconfigured',
    `the revocation of ${serial} is owed: \`revoke\` is not among the operations of the command. Revoke it at the CA, and declare an operation that does`,
  );

const health =
  (ask: Ask): Health['check'] =>
  async (signal) => {
    try {
      const answer = await ask({ operation: 'check', fields: {} }, signal);
      assertDone(answer, 'check');
      const { detail = 'the command answers', warnings } = answer;
      return { ok: true, detail, ...defined({ warnings }) };
    } catch (error) {
      if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
      throw error;
    }
  };
