/**
 * openndes as a library: mount SCEP in your own fastify app with your own issuer and policy, or start the whole server.
 * Everything exported here follows semantic versioning; nothing else does.
 */
export type * from './core/contracts.ts';
export type * from './core/store.ts';
export { ConfigError, HTTP_ERRORS, HttpError, REFUSALS, Refusal } from './core/errors.ts';
export { type RevocationList, revocationList } from './app/crl.ts';
export { createServer, type ServerOptions, scepPlugin } from './app/embed.ts';
export type { EndpointOptions, EnrolmentOptions } from './app/enrolment.ts';
export { createIssuingCa, createRa, createRoot } from './ca/create.ts';
export { localAuthority } from './ca/authority.ts';
export { DEFAULT_PROFILE, type Profile } from './ca/profile.ts';
export { type ClientContext, discover, enrol } from './client/enrol.ts';
export { intuneClient } from './intune/client.ts';
export { generateKey, keyFromPem, softwareKey } from './keys/software.ts';
export { extendedKeyUsage, generalNameFromText, keyUsage, subjectAltName } from './pkix/extensions.ts';
export { nameFromText, nameText } from './pkix/name.ts';
export { webCryptoKey } from './keys/webcrypto.ts';
export type { PolicyFactory } from './app/policies.ts';
export { allOf } from './policy/all-of.ts';
export { anyOf } from './policy/any-of.ts';
export { intunePolicy } from './policy/intune.ts';
export { oneTimePolicy } from './policy/one-time.ts';
export { httpPost } from './policy/post.ts';
export { staticPolicy } from './policy/static.ts';
export { webhookPolicy } from './policy/webhook.ts';
export { openSqliteStore } from './store/sqlite.ts';
