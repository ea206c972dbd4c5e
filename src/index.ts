/**
 * openndes as a library: mount SCEP in your own fastify app with your own issuer and policy, or start the whole server.
 * Everything exported here follows semantic versioning; nothing else does. The other entry points are `openndes/store`
 * (records), `openndes/testing` (contract suites and fakes) and `openndes/simulator`.
 */

// The contracts that a vendor implements, and what they are called with.
export type * from './core/earlier-ca.ts';
export type { Validity } from './core/ending.ts';
export type * from './core/environment.ts';
export type * from './core/events.ts';
export type * from './core/intune-certificates.ts';
export type * from './core/issuer.ts';
export type * from './core/keys.ts';
export type * from './core/notification.ts';
export type * from './core/policy.ts';
export type * from './core/request.ts';
export type { Store } from './core/store.ts';
export type * from './core/tenant-directory.ts';
export type * from './core/imported-pfx.ts';
export {
  ConfigError,
  type FailInfo,
  HTTP_ERRORS,
  HttpError,
  type HttpErrorOptions,
  type HttpErrorCode,
  IssuerError,
  type IssuerErrorCode,
  type IssuerErrorFields,
  Refusal,
  type RefusalCode,
  type RefusalOptions,
  type RefusalRow,
  REFUSALS,
} from './core/errors.ts';

// The server.
export {
  createServer,
  type OcspServing,
  type PluginOptions,
  type ReadinessProbe,
  type RequestLimits,
  scepPlugin,
  type ServerOptions,
} from './embed/embed.ts';
export type { EndpointOptions, EnrollmentOptions } from './embed/enrollment.ts';
export type { RaKeys } from './embed/ra-keys.ts';
export { logEvents } from './embed/log-events.ts';
export type { EndpointSettings, CaWithList, ToldCa } from './enroll/endpoint.ts';
export { type ListOptions, revocationList } from './embed/revocation-list-of.ts';
export { ocspResponder, type OcspResponderOptions } from './embed/ocsp-responder-of.ts';
export type { KeptAnswer, OcspAnswer, OcspOptions, OcspResponder, OcspStore } from './ocsp/ocsp-responder.ts';
export type { OcspSigner } from './ocsp/ocsp-response.ts';
export type { OcspCa } from './ocsp/served-ca.ts';
export type { Legacy } from './cms/algorithms.ts';
export type { KeyedCertificate } from './scep/registration-authority.ts';
export type {
  ListMark,
  ListSize,
  RevocationList,
  RevocationListOptions,
  RevocationStore,
} from './revocation/revocation-list.ts';
export { openSqliteStore, type SqliteOptions, type SqliteStore } from './store/sqlite.ts';
export type { WriteTurns } from './store/sqlite-engine.ts';

// Certificates and keys.
export {
  type CaWithKey,
  createIssuingCa,
  createOcspSigner,
  createRa,
  createRoot,
  type NewCertificate,
  type NewSubject,
  type RaPurpose,
} from './ca/create.ts';
export type { CaLimits } from './ca/ca-limits.ts';
export type { NameSubtrees } from './ca/name-subtrees.ts';
export { localAuthority, type LocalAuthority, type LocalAuthorityParts } from './ca/local-authority.ts';
export type { CertifiedKey } from './ca/certified-keys.ts';
export {
  type AltNameType,
  type CertificateRate,
  DEFAULT_PROFILE,
  type NameLimits,
  type Profile,
} from './ca/profile.ts';
export type { SubjectRules } from './ca/subject-fault.ts';
export type { SidSource } from './ca/sid.ts';
export type { CertificatePolicy, MicrosoftTemplate, TlsFeature } from './pkix/extra-extensions.ts';
export { generateKey, type KeyChoice, keyFromPem, type SoftwareKey, softwareKey } from './keys/software.ts';
export { type WebCryptoKey, webCryptoKey } from './keys/webcrypto.ts';
export { extendedKeyUsage, type KeyUsage, keyUsage, subjectAltName } from './pkix/extensions.ts';
export { generalNameFromText } from './pkix/general-name.ts';
export { nameFromText, nameText } from './pkix/name.ts';

// Policies.
export type { IssuerFactory } from './app/issuer-makers.ts';
export type { ClosableProduct, IssuerPlace } from './app/issuer-place.ts';
export type { CaProduct } from './ca/checked-issuer.ts';
export type { PolicyFactory } from './app/policy-makers.ts';
export {
  type DiagnosableClient,
  type IntuneClient,
  intuneClient,
  type IntuneClientOptions,
  type TenantClient,
} from './intune/client.ts';
export type { RevocationClient } from './intune/revocation-client.ts';
export type { ScepActionClient } from './intune/scep-action-client.ts';
export type { RevocationAnswer } from './intune/revocation-requests.ts';
export type { CloudName, CloudUrls } from './intune/clouds.ts';
export type { TenantSteps } from './intune/tenant-steps.ts';
export type { SecretEnd } from './intune/secret-end.ts';
export type { CredentialOptions } from './intune/credentials.ts';
export type { IdentityPlatform, PlatformIdentity } from './intune/platform-identity.ts';
export type { CertificateOfApp } from './intune/signed-assertion.ts';
export type { Timeouts as IntuneTimeouts } from './intune/retry.ts';
export type { BreakerState, FailedNotification, IntuneHealth } from './intune/retrying-calls.ts';
export type { LastCall, SeenRoles, SeenTenant } from './intune/tenant-memory.ts';
export type { IntuneAnswer, ScepActionRequest } from './intune/scep-actions.ts';
export type { CallMade } from './intune/told-exchange.ts';
export { IntuneUnreachable, type IntuneHop, type UnreachableDetails } from './intune/unreachable.ts';
export { allOf } from './policy/all-of.ts';
export { anyOf } from './policy/any-of.ts';
export { intunePolicy, type IntunePolicyOptions } from './policy/intune.ts';
export { oneTimePolicy, type OneTimePolicyOptions } from './policy/one-time.ts';
export { httpPost, type Post, type PostReply, type WebhookConnection } from './policy/post.ts';
export { staticPolicy } from './policy/static.ts';
export { webhookPolicy, type WebhookPolicyOptions } from './policy/webhook.ts';
export type { SenderOptions as WebhookSenderOptions } from './policy/webhook-sender.ts';

// A SCEP client.
export type { Fetch } from './client/ca-operations.ts';
export {
  type ClientContext,
  discover,
  enroll,
  type Enrolled,
  type EnrollmentPlan,
  type ScepServer,
} from './client/scep-client.ts';
export { type CertRep, ReplyError } from './client/reply.ts';
export type { ClientSigner } from './client/request-message.ts';
