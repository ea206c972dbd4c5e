/** The parts of a simulated tenant, without its ports: what it knows, issues and records, and its faults. */
import type { RandomBytes } from '../core/environment.ts';
import { keyFromPem } from '../keys/software.ts';
import { CallList } from './calls.ts';
import { challengeKeys, type MintedChallenge, mintChallenge } from './challenge-password.ts';
import { ChallengeTargets } from './challenge-targets.ts';
import { RevocationQueue } from './connector/revocation-queue.ts';
import type { ControlServices } from './control-routes.ts';
import { Directory } from './directory/directory.ts';
import { ImportedCertificates } from './directory/imported-files.ts';
import { IssuedCertificates } from './directory/issued-certificates.ts';
import { AppRegistration } from './entra/app-registration.ts';
import { readExpectation } from './expectation.ts';
import { LoadLimit } from './graph/load-limit.ts';
import { Faults } from './injected-faults.ts';
import type { MovableClock } from './movable-clock.ts';
import { Outages } from './outages.ts';
import type { RouteServices } from './routes.ts';
import type { SimulatorState } from './state.ts';
import { tokenAuthority } from './tokens.ts';
import { Validation } from './validation.ts';

/** What the services and the control API work on. */
export type TenantParts = Omit<RouteServices, 'cloud'> & Omit<ControlServices, 'identity'> & { outages: Outages };

/** Makes the parts for this state. */
export function tenantParts(state: SimulatorState, clock: MovableClock, random: RandomBytes): TenantParts {
  const keys = challengeKeys(state);
  const outages = new Outages();
  const targets = new ChallengeTargets();
  const revocations = new RevocationQueue(clock.now, random);
  const issued = new IssuedCertificates(random, revocations);
  return {
    state,
    clock,
    outages,
    targets,
    revocations,
    issued,
    imported: new ImportedCertificates(),
    limit: new LoadLimit(),
    faults: new Faults(outages),
    calls: new CallList(),
    tokens: tokenAuthority(
      keyFromPem(state.tokenKey, 'the token key in the state of the simulator').privateKey,
      random,
    ),
    directory: directoryOf(random, targets, issued),
    validation: new Validation({ keys, targets, policy: () => state.app.policy, issued }),
    app: new AppRegistration({ state: state.app, clientId: state.clientId, clock: clock.now, random }),
    challenge: (expectation): MintedChallenge =>
      mintChallenge(readExpectation(expectation), { keys, tenantId: state.tenantId, now: clock.now(), random }),
  };
}

const directoryOf = (random: RandomBytes, targets: ChallengeTargets, issued: IssuedCertificates): Directory =>
  new Directory(random, {
    deviceGone: ({ id, azureADDeviceId }) => targets.remove({ deviceIds: [id, azureADDeviceId] }),
    userGone: ({ id, userPrincipalName }) => targets.remove({ userIds: [id, userPrincipalName] }),
    revoke: ({ id, azureADDeviceId }) => issued.revokeFor([id, azureADDeviceId]),
  });
