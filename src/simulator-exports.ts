/**
 * `openndes/simulator`: a simulated Intune tenant on loopback (Entra, Graph and Intune) with a control API, for tests of
 * everything that talks to Intune.
 */
export { ControlError } from './simulator/control-error.ts';
export type {
  AppRegistration,
  AppRegistrationParts,
  AppView,
  AssertionRequest,
  CertificateRequest,
  FederatedRequest,
  SecretRequest,
} from './simulator/entra/app-registration.ts';
export type {
  AppCertificate,
  AppRoles,
  AppSecret,
  AppState,
  ExternalIssuer,
  FederatedCredential,
  Jwks,
  ManagedIdentity,
  TenantPolicy,
} from './simulator/entra/app-state.ts';
export type { IdentityEndpoints } from './simulator/identity/identity-routes.ts';
export type { RevocationErrorCode } from './simulator/connector/error-codes.ts';
export type {
  QueuedRevocation,
  RevocationPlan,
  RevocationQueue,
  RevocationResult,
} from './simulator/connector/revocation-queue.ts';
export type {
  ActionTargets,
  DeviceActionRequest,
  DevicesRequest,
  Directory,
  DirectoryEffects,
  UserActionRequest,
  UsersRequest,
} from './simulator/directory/directory.ts';
export type { ImportedCertificate, ImportedCertificates } from './simulator/directory/imported-files.ts';
export type { LoadLimit, LoadLimitRequest } from './simulator/graph/load-limit.ts';
export type {
  IssuedCertificate,
  IssuedCertificatePlan,
  IssuedCertificates,
  RevokeStatus,
} from './simulator/directory/issued-certificates.ts';
export type { DevicePlan, DirectoryDevice, DirectoryUser, UserPlan } from './simulator/directory/device-records.ts';
export type {
  ChangeRange,
  RemovalReason,
  VersionedEntry,
  VersionedList,
} from './simulator/directory/versioned-list.ts';
export type { MovableClock } from './simulator/movable-clock.ts';
export type { MintedChallenge } from './simulator/challenge-password.ts';
export type { ChallengeIds, ChallengeTargets, RemovedTargets } from './simulator/challenge-targets.ts';
export type { IntuneCode } from './simulator/intune-codes.ts';
export type { Expectation } from './simulator/expectation.ts';
export type { FaultValue } from './simulator/fault-table.ts';
export type { FaultRequest, FaultTarget } from './simulator/injected-faults.ts';
export type { RecordedCall } from './simulator/calls.ts';
export type { ServiceHop } from './simulator/service-call.ts';
export type { SimulatedCloud } from './simulator/site.ts';
export type { SimulatorState, TenantIdentity } from './simulator/state.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator/simulated-tenant.ts';
export type { Clock, Logger, RandomBytes } from './core/environment.ts';
