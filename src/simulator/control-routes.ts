/** The requests of the control API, one row each. docs/simulator.md lists them. */
import type { CallList } from './calls.ts';
import type { MintedChallenge } from './challenge-password.ts';
import type { ChallengeTargets } from './challenge-targets.ts';
import type { ControlRoute } from './control.ts';
import type { RevocationQueue } from './connector/revocation-queue.ts';
import type { Directory } from './directory/directory.ts';
import type { ImportedCertificates } from './directory/imported-files.ts';
import type { LoadLimit } from './graph/load-limit.ts';
import type { IssuedCertificates } from './directory/issued-certificates.ts';
import type { AppRegistration } from './entra/app-registration.ts';
import type { IdentityEndpoints } from './identity/identity-routes.ts';
import type { MovableClock } from './movable-clock.ts';
import type { Faults } from './injected-faults.ts';
import type { TokenAuthority } from './tokens.ts';

/** What the API operates on. */
export type ControlServices = {
  /** A challenge. Throws ControlError for an expectation that is not valid. */
  challenge: (expectation: unknown) => MintedChallenge;
  targets: ChallengeTargets;
  calls: CallList;
  faults: Faults;
  app: AppRegistration;
  tokens: Pick<TokenAuthority, 'revoke'>;
  clock: MovableClock;
  revocations: RevocationQueue;
  directory: Directory;
  issued: IssuedCertificates;
  imported: ImportedCertificates;
  limit: LoadLimit;
  identity: IdentityEndpoints;
};

/** All routes but the page. A body is checked by what it is handed to. */
export const controlRoutes = (services: ControlServices): readonly ControlRoute[] => [
  ...callRoutes(services),
  ...appRoutes(services.app),
  ...tenantRoutes(services),
  ...directoryRoutes(services),
];

const callRoutes = ({ challenge, targets, calls, faults }: ControlServices): readonly ControlRoute[] => [
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
];

const tenantRoutes = ({ identity, clock, revocations, tokens }: ControlServices): readonly ControlRoute[] => [
  { method: 'GET', path: '/identity', handle: () => identity },
  { method: 'DELETE', path: '/tokens', handle: () => tokens.revoke() },
  { method: 'GET', path: '/clock', handle: () => ({ now: clock.now().toISOString() }) },
  { method: 'POST', path: '/clock', handle: ({ body }) => clock.advanceBy(body as never) },
  { method: 'DELETE', path: '/clock', handle: () => clock.reset() },
  { method: 'GET', path: '/revocations', handle: () => revocations.list() },
  { method: 'POST', path: '/revocations', handle: ({ body }) => revocations.add(body as never) },
  { method: 'DELETE', path: '/revocations', handle: () => revocations.clear() },
];

/** An action answers with the number of the objects that it was for: a list of thousands would only be slow. */
const directoryRoutes = ({ directory, issued, imported, limit }: ControlServices): readonly ControlRoute[] => [
  { method: 'GET', path: '/directory/devices', handle: () => directory.managed.objects() },
  { method: 'POST', path: '/directory/devices', handle: ({ body }) => added(directory.addDevices(body as never)) },
  {
    method: 'POST',
    path: '/directory/devices/actions',
    handle: ({ body }) => done(directory.deviceAction(body as never)),
  },
  { method: 'GET', path: '/directory/users', handle: () => directory.users.objects() },
  { method: 'POST', path: '/directory/users', handle: ({ body }) => added(directory.addUsers(body as never)) },
  { method: 'POST', path: '/directory/users/actions', handle: ({ body }) => done(directory.userAction(body as never)) },
  { method: 'POST', path: '/directory/resync', handle: () => directory.resync() },
  { method: 'DELETE', path: '/directory', handle: () => directory.clear() },
  { method: 'GET', path: '/directory/certificates', handle: () => issued.list() },
  { method: 'POST', path: '/directory/certificates', handle: ({ body }) => issued.add(body as never) },
  { method: 'DELETE', path: '/directory/certificates', handle: () => issued.clear() },
  { method: 'GET', path: '/directory/imported', handle: () => imported.list() },
  { method: 'DELETE', path: '/directory/imported', handle: () => imported.clear() },
  { method: 'PUT', path: '/throttle', handle: ({ body }) => limit.set(body as never) },
  { method: 'DELETE', path: '/throttle', handle: () => limit.clear() },
];

const added = (objects: readonly { id: string }[]) => ({ added: objects.length, ids: objects.map(({ id }) => id) });
const done = (objects: readonly unknown[]) => ({ changed: objects.length });

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
