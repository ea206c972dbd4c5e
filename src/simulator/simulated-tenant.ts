/** A simulated Intune tenant on loopback: Entra, Graph and Intune over HTTPS, and a control API over HTTP. */
import type { Clock, Logger, RandomBytes } from '../core/environment.ts';
import type { RecordedCall } from './calls.ts';
import type { MintedChallenge } from './challenge-password.ts';
import type { ChallengeTargets } from './challenge-targets.ts';
import type { RevocationQueue } from './connector/revocation-queue.ts';
import type { Directory } from './directory/directory.ts';
import type { LoadLimit } from './graph/load-limit.ts';
import type { ImportedCertificates } from './directory/imported-files.ts';
import type { IssuedCertificates } from './directory/issued-certificates.ts';
import type { AppRegistration } from './entra/app-registration.ts';
import type { Expectation } from './expectation.ts';
import type { IdentityEndpoints } from './identity/identity-routes.ts';
import type { FaultRequest } from './injected-faults.ts';
import { Listeners } from './listener.ts';
import { MovableClock } from './movable-clock.ts';
import { openPorts } from './ports.ts';
import { siteAt, type SimulatedCloud } from './site.ts';
import { completeState, type TenantIdentity, type SimulatorState } from './state.ts';
import { tenantParts } from './tenant-parts.ts';

/** How a simulator is started. */
export type SimulatorOptions = TenantIdentity & {
  clock: Clock;
  random: RandomBytes;
  /** Port of the services; a free one when absent or 0. */
  port?: number;
  /** Port of the control API; a free one when absent or 0. */
  controlPort?: number;
  /** Port of the managed identity endpoints; a free one when absent or 0. */
  identityPort?: number;
  /** Folder for the challenge files of Azure Arc, made when missing. Without it the endpoint of Arc answers 404. */
  arcTokens?: string;
  /** State of an earlier run, so that its tokens, challenges and CA stay valid. Identity options override it. */
  state?: SimulatorState;
  /**
   * Answers to the public names of this cloud too, when a hosts file points them at 127.0.0.1: they are in the
   * certificate, and a call to one of them is answered with addresses of that cloud. Libraries use port 443.
   */
  publicNames?: SimulatedCloud;
  /** Gets one debug line for each call, with hop, code and status only. */
  logger?: Logger;
};

/** What `state` takes and gives. */
export type { SimulatorState } from './state.ts';

/** A running simulator. */
export type Simulator = {
  /** The settings for `tenants:` in a configuration, without `trustCa`: write `caPem` to a file for it. */
  tenant: {
    tenant: string;
    clientId: string;
    clientSecret: string;
    cloud: { login: string; graph: string; intune: string };
  };
  /** CA of the services' TLS certificate, PEM. */
  caPem: string;
  /** URL of the control API, without a slash at its end. */
  control: string;
  /** Contains secrets. Pass it to the next start. */
  state: SimulatorState;
  /** A challenge for the expected request, base64. Throws ControlError when the expectation is not valid. */
  mint(expectation: Expectation): string;
  /** As `mint`, with the ids that the challenge is for. */
  challenge(expectation: Expectation): MintedChallenge;
  /** Devices and users that are gone, profiles that are not assigned any more. */
  targets: ChallengeTargets;
  /** The recorded calls, oldest first. */
  calls(): readonly RecordedCall[];
  /** Sets a fault. Throws ControlError, whose message lists what is accepted. */
  fault(request: FaultRequest): void;
  /** Removes all faults. Resolves when outages have ended. */
  clearFaults(): Promise<void>;
  /** The clock of all services, which a test can move. */
  clock: MovableClock;
  /** The certificates that Intune wants to be revoked. */
  revocations: RevocationQueue;
  /** Devices and users. */
  directory: Directory;
  /** The certificates that Intune was told of. */
  issued: IssuedCertificates;
  /** The PKCS#12 files that were imported for users. */
  imported: ImportedCertificates;
  /** A limit on the calls about users and their imported certificates. */
  limit: LoadLimit;
  /** The app registration: credentials, permissions, policies. */
  app: AppRegistration;
  /** Revokes all tokens that were issued since the start: each service answers 401 to them. */
  revokeTokens(): void;
  /** The managed identity endpoints. Contains a secret. */
  identity: IdentityEndpoints;
  close(): Promise<void>;
};

/** Starts a simulator. Throws what `listen` throws when a port is in use. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const clock = new MovableClock(options.clock);
  const state = await completeState(options, options.state, clock.now, options.random);
  const parts = tenantParts(state, clock, options.random);
  const listeners = new Listeners();
  const ports = await openPorts(parts, options, listeners);
  const { challenge, targets, revocations, directory, issued, imported, limit, calls, faults, app, tokens, outages } =
    parts;
  const { login, graph, intune } = siteAt(ports.services);
  return {
    tenant: { ...identityOf(state), cloud: { login, graph, intune } },
    caPem: state.authority.certificate,
    control: `http://127.0.0.1:${ports.control}`,
    state,
    mint: (expectation) => challenge(expectation).challenge,
    challenge,
    targets,
    clock,
    revocations,
    directory,
    issued,
    imported,
    limit,
    calls: () => calls.list(),
    fault: (request) => faults.set(request),
    clearFaults: () => faults.clear(),
    app,
    revokeTokens: () => tokens.revoke(),
    identity: ports.identity,
    close: async () => {
      await outages.clear();
      await listeners.close();
    },
  };
}

const identityOf = ({ tenant, clientId, clientSecret }: SimulatorState): Required<TenantIdentity> => ({
  tenant,
  clientId,
  clientSecret,
});
