/**
 * openndes as a library: mount SCEP in your own fastify app with your own issuer and policy, or start the whole server.
 * Everything exported here follows semantic versioning; nothing else does.
 */
export type * from './core/environment.ts';
export type * from './core/events.ts';
export type * from './core/issuer.ts';
export type * from './core/keys.ts';
export type * from './core/notification.ts';
export type * from './core/policy.ts';
export type * from './core/records.ts';
export type * from './core/request.ts';
export type * from './core/store.ts';
export { ConfigError, HTTP_ERRORS, HttpError, REFUSALS, Refusal } from './core/errors.ts';
export { revocationList } from './embed/revocation-list-of.ts';
export type { RevocationList, RevocationListOptions } from './revocation/revocation-list.ts';
export { createServer, type ServerOptions, scepPlugin } from './embed/embed.ts';
export type { EndpointSettings } from './enroll/endpoint.ts';
export { logEvents } from './embed/log-events.ts';
export type { EndpointOptions, EnrollmentOptions as EnrolmentOptions } from './embed/enrollment.ts';
export { createIssuingCa, createRa, createRoot } from './ca/create.ts';
export { localAuthority } from './ca/local-authority.ts';
export { DEFAULT_PROFILE, type Profile } from './ca/profile.ts';
export { type ClientContext, discover, enroll as enrol } from './client/scep-client.ts';
export { intuneClient } from './intune/client.ts';
export { generateKey, keyFromPem, softwareKey } from './keys/software.ts';
export { extendedKeyUsage, keyUsage, subjectAltName } from './pkix/extensions.ts';
export { generalNameFromText } from './pkix/general-name.ts';
export { nameFromText, nameText } from './pkix/name.ts';
export { webCryptoKey } from './keys/webcrypto.ts';
export type { PolicyFactory } from './app/policy-makers.ts';
export { allOf } from './policy/all-of.ts';
export { anyOf } from './policy/any-of.ts';
export { intunePolicy } from './policy/intune.ts';
export { oneTimePolicy } from './policy/one-time.ts';
export { httpPost } from './policy/post.ts';
export { staticPolicy } from './policy/static.ts';
export { webhookPolicy } from './policy/webhook.ts';
export { openSqliteStore } from './store/sqlite.ts';
