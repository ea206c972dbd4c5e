/** The app registration of the simulated tenant: credentials, permissions and policies. It can be stored as JSON. */
import { DAY } from '../../core/durations.ts';
import type { Clock, RandomBytes } from '../../core/environment.ts';
import { guid } from '../guid.ts';
import { ROLES } from '../tokens.ts';

/** A client secret. Times in ISO 8601. */
export type AppSecret = {
  keyId: string;
  displayName: string;
  value: string;
  startDateTime: string;
  endDateTime: string;
};

/** A certificate whose key may sign client assertions. Thumbprints in upper-case hexadecimal. */
export type AppCertificate = {
  keyId: string;
  displayName: string;
  pem: string;
  /** SHA-1. */
  thumbprint: string;
  thumbprintSha256: string;
  startDateTime: string;
  endDateTime: string;
};

/** A federated identity credential: tokens of this issuer, for this subject and one of these audiences, are accepted. */
export type FederatedCredential = {
  id: string;
  name: string;
  issuer: string;
  subject: string;
  audiences: readonly string[];
};

/** A JSON Web Key Set (RFC 7517 5). */
export type Jwks = { keys: readonly object[] };

/** The keys of an external issuer; `signingKey`, PEM, when the simulator signs in its name. */
export type ExternalIssuer = { jwks: Jwks; signingKey?: string };

/** The application permissions that are granted, by resource. */
export type AppRoles = { graph: readonly string[]; intune: readonly string[] };

/** Policies of the tenant. `repeatedValidation`: whether a second validateRequest of the same request succeeds. */
export type TenantPolicy = { secrets: 'allowed' | 'forbidden'; repeatedValidation: 'accepted' | 'refused' };

/** The managed identity: its client id, and the value of IDENTITY_HEADER of App Service. */
export type ManagedIdentity = { clientId: string; header: string };

/** Contains secrets. */
export type AppState = {
  displayName: string;
  secrets: AppSecret[];
  certificates: AppCertificate[];
  federated: FederatedCredential[];
  issuers: Record<string, ExternalIssuer>;
  roles: AppRoles;
  policy: TenantPolicy;
  identity: ManagedIdentity;
};

/** Validity of a secret without an end of its own: the longest that the portal offers. */
const SECRET_DAYS = 730;

/** What a new secret is made of; the rest is filled in. */
export type SecretPlan = Partial<Omit<AppSecret, 'keyId'>>;

/** A secret with a random value where none is given. */
export function newSecret(plan: SecretPlan, clock: Clock, random: RandomBytes): AppSecret {
  const startDateTime = plan.startDateTime ?? clock().toISOString();
  return {
    keyId: guid(random),
    displayName: plan.displayName ?? 'secret',
    value: plan.value ?? Buffer.from(random(30)).toString('base64url'),
    startDateTime,
    endDateTime: plan.endDateTime ?? new Date(Date.parse(startDateTime) + SECRET_DAYS * DAY).toISOString(),
  };
}

/** A registration with one secret, good since the day before, because clocks differ, and the permissions that a SCEP server needs. */
export const newApp = (clientSecret: string, clock: Clock, random: RandomBytes): AppState => ({
  displayName: 'SCEP server',
  secrets: [
    newSecret(
      {
        value: clientSecret,
        displayName: 'first secret',
        startDateTime: new Date(clock().getTime() - DAY).toISOString(),
      },
      clock,
      random,
    ),
  ],
  certificates: [],
  federated: [],
  issuers: {},
  roles: { graph: [ROLES.readApplications], intune: [ROLES.scep] },
  policy: { secrets: 'allowed', repeatedValidation: 'accepted' },
  identity: { clientId: guid(random), header: Buffer.from(random(16)).toString('hex') },
});
