/** A simulated Intune tenant on loopback: Entra, Graph and Intune over HTTPS, and a control API over HTTP. */
import type { Clock, Logger, RandomBytes } from '../core/environment.ts';
import { keyFromPem } from '../keys/software.ts';
import { type RecordedCall, CallList } from './calls.ts';
import { challengeKeys, type MintedChallenge, mintChallenge } from './challenge-password.ts';
import { ChallengeTargets } from './challenge-targets.ts';
import { RevocationQueue } from './connector/revocation-queue.ts';
import { controlApp } from './control.ts';
import { controlRoutes } from './control-routes.ts';
import { Directory } from './directory/directory.ts';
import { IssuedCertificates } from './directory/issued-certificates.ts';
import { AppRegistration } from './entra/app-registration.ts';
import { type Expectation, readExpectation } from './expectation.ts';
import { arcChallenges } from './identity/arc-challenges.ts';
import { type IdentityEndpoints, identityEndpoints, identityRoutes } from './identity/identity-routes.ts';
import { type FaultRequest, Faults } from './injected-faults.ts';
import { Listeners } from './listener.ts';
import { cloudNames, type ServiceSite, siteAt, type SimulatedCloud, siteOf } from './site.ts';
import { completeState, type TenantIdentity, type SimulatorState } from './state.ts';
import { newAuthority, serverCredential } from './throwaway-ca.ts';
import { MovableClock } from './movable-clock.ts';
import { Outages } from './outages.ts';
import { tokenAuthority } from './tokens.ts';
import { Validation } from './validation.ts';
import { serviceRoutes } from './routes.ts';
import { identityApp, wireApp } from './wire.ts';

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
  const { random, logger, publicNames } = options;
  const movable = new MovableClock(options.clock);
  const clock = movable.now;
  const state = await completeState(options, options.state, clock, random);
  const keys = challengeKeys(state);
  const tokens = tokenAuthority(
    keyFromPem(state.tokenKey, 'the token key in the state of the simulator').privateKey,
    random,
  );
  const outages = new Outages();
  const [calls, faults] = [new CallList(), new Faults(outages)];
  const [targets, revocations] = [new ChallengeTargets(), new RevocationQueue(clock, random)];
  const challenge = (expectation: unknown): MintedChallenge =>
    mintChallenge(readExpectation(expectation), { keys, tenantId: state.tenantId, now: clock(), random });

  const credential = await serverCredential(state.authority, clock(), random, publicNames && cloudNames(publicNames));
  const called = { faults, calls, clock, logger };
  const issued = new IssuedCertificates(random, revocations);
  const directory = new Directory(random, {
    deviceGone: ({ id, azureADDeviceId }) => targets.remove({ deviceIds: [id, azureADDeviceId] }),
    userGone: ({ id, userPrincipalName }) => targets.remove({ userIds: [id, userPrincipalName] }),
    revoke: ({ id, azureADDeviceId }) => issued.revokeFor([id, azureADDeviceId]),
  });
  const validation = new Validation({ keys, targets, policy: () => state.app.policy, issued });
  const services = { cloud: publicNames, state, tokens, validation, revocations, directory, issued };
  const siteOfCall = (host: string | undefined, port: number): ServiceSite => siteOf(host, port, publicNames);
  const app = new AppRegistration({ state: state.app, clientId: state.clientId, clock, random });
  const listeners = new Listeners();
  const wire = await listeners.open(
    wireApp(credential, serviceRoutes(services), { ...called, siteOf: siteOfCall }),
    options.port ?? 0,
    { own: credential, foreign: await serverCredential(await newAuthority(clock(), random), clock(), random) },
  );
  outages.add('services', wire);
  const site = siteAt(wire.port);
  const arc = options.arcTokens === undefined ? undefined : arcChallenges(options.arcTokens, random);
  const sites = [site, ...(publicNames ? [siteOf(cloudNames(publicNames)[0], wire.port, publicNames)] : [])];
  const machine = await listeners.open(
    identityApp(identityRoutes({ state, tokens, sites, arc }), { ...called, siteOf: () => site }),
    options.identityPort ?? 0,
  );
  outages.add('machine', machine);
  const identity = identityEndpoints(machine.port, state.app.identity.header);
  const control = await listeners.open(
    controlApp(
      controlRoutes({
        clock: movable,
        revocations,
        directory,
        issued,
        challenge,
        targets,
        calls,
        faults,
        app,
        tokens,
        identity,
      }),
      state.tenant,
    ),
    options.controlPort ?? 0,
  );

  const { login, graph, intune } = site;
  return {
    tenant: { ...identityOf(state), cloud: { login, graph, intune } },
    caPem: state.authority.certificate,
    control: `http://127.0.0.1:${control.port}`,
    state,
    mint: (expectation) => challenge(expectation).challenge,
    challenge,
    targets,
    clock: movable,
    revocations,
    directory,
    issued,
    calls: () => calls.list(),
    fault: (request) => faults.set(request),
    clearFaults: () => faults.clear(),
    app,
    revokeTokens: () => tokens.revoke(),
    identity,
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
