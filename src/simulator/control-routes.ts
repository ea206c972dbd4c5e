/** The requests of the control API, one row each. docs/simulator.md lists them. */
import type { CallList } from './calls.ts';
import type { MintedChallenge } from './challenge-password.ts';
import type { ChallengeTargets } from './challenge-targets.ts';
import type { ControlRoute } from './control.ts';
import type { RevocationQueue } from './connector/revocation-queue.ts';
import type { AppRegistration } from './entra/app-registration.ts';
import type { IdentityEndpoints } from './identity/identity-routes.ts';
import type { MovableClock } from './movable-clock.ts';
import type { Faults } from './injected-faults.ts';

/** What the API operates on. */
export type ControlServices = {
  /** A challenge. Throws ControlError for an expectation that is not valid. */
  challenge: (expectation: unknown) => MintedChallenge;
  targets: ChallengeTargets;
  calls: CallList;
  faults: Faults;
  app: AppRegistration;
  clock: MovableClock;
  revocations: RevocationQueue;
  identity: IdentityEndpoints;
};

/** All routes but the page. A body is checked by what it is handed to. */
export const controlRoutes = ({
  challenge,
  targets,
  calls,
  faults,
  app,
  clock,
  revocations,
  identity,
}: ControlServices): readonly ControlRoute[] => [
  { method: 'POST', path: '/challenges', handle: ({ body }) => challenge(body) },
  { method: 'GET', path: '/targets', handle: () => targets.view() },
  { method: 'PUT', path: '/targets', handle: ({ body }) => targets.set(body as never) },
  { method: 'GET', path: '/calls', handle: () => calls.list() },
  { method: 'DELETE', path: '/calls', handle: () => calls.clear() },
  { method: 'GET', path: '/faults', handle: () => faults.list() },
  {
    method: 'POST',
    path: '/faults',
    handle: ({ body }) => {
      faults.set(body);
      return faults.list();
    },
  },
  { method: 'DELETE', path: '/faults', handle: () => faults.clear() },
  ...appRoutes(app),
  { method: 'GET', path: '/identity', handle: () => identity },
  { method: 'GET', path: '/clock', handle: () => ({ now: clock.now().toISOString() }) },
  { method: 'POST', path: '/clock', handle: ({ body }) => clock.advanceBy(body as never) },
  { method: 'DELETE', path: '/clock', handle: () => clock.reset() },
  { method: 'GET', path: '/revocations', handle: () => revocations.list() },
  { method: 'POST', path: '/revocations', handle: ({ body }) => revocations.add(body as never) },
  { method: 'DELETE', path: '/revocations', handle: () => revocations.clear() },
];

const appRoutes = (app: AppRegistration): readonly ControlRoute[] => [
  { method: 'GET', path: '/app', handle: () => app.view() },
  { method: 'POST', path: '/app/secrets', handle: ({ body }) => app.addSecret(body ?? {}) },
  { method: 'DELETE', path: '/app/secrets/:id', handle: ({ id }) => app.removeSecret(id) },
  { method: 'POST', path: '/app/certificates', handle: ({ body }) => app.addCertificate(body as never) },
  { method: 'DELETE', path: '/app/certificates/:id', handle: ({ id }) => app.removeCertificate(id) },
  { method: 'POST', path: '/app/federated', handle: ({ body }) => app.addFederated(body as never) },
  { method: 'DELETE', path: '/app/federated/:id', handle: ({ id }) => app.removeFederated(id) },
  { method: 'PUT', path: '/app/roles', handle: ({ body }) => app.setRoles(body as never) },
  { method: 'PUT', path: '/app/policy', handle: ({ body }) => app.setPolicy(body as never) },
  { method: 'PUT', path: '/issuers', handle: ({ body }) => app.setIssuer(body as never) },
  { method: 'POST', path: '/assertions', handle: ({ body }) => ({ assertion: app.assertion(body as never) }) },
];
