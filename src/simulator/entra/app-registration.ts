/** Changes the app registration while the simulator runs, as an administrator does in the portal. */
import { createHash, sign, X509Certificate } from 'node:crypto';
import type { Clock, RandomBytes } from '../../core/environment.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../../keys/software.ts';
import { type BodyField, FIELD, oneOf, readBody } from '../control-body.ts';
import { ControlError } from '../control-error.ts';
import { guid } from '../guid.ts';
import {
  type AppCertificate,
  type AppRoles,
  type AppSecret,
  type AppState,
  type ExternalIssuer,
  type FederatedCredential,
  type Jwks,
  newSecret,
  type TenantPolicy,
} from './app-state.ts';
import { EXCHANGE_AUDIENCE } from './audiences.ts';

/** A secret to add. Times in ISO 8601; a random value, the present time and two years when absent. */
export type SecretRequest = { value?: string; displayName?: string; startDateTime?: string; endDateTime?: string };
/** A certificate to add, PEM, with an RSA key. */
export type CertificateRequest = { pem: string; displayName?: string };
/** A federated credential to add; the audience of the public cloud when absent. */
export type FederatedRequest = { name?: string; issuer: string; subject: string; audiences?: readonly string[] };
/** A token of an external issuer to sign. It is good for an hour when `validitySeconds` is absent. */
export type AssertionRequest = { issuer: string; subject: string; audience?: string; validitySeconds?: number };
/** The registration without secret values, as `GET /app` shows it. */
export type AppView = {
  clientId: string;
  displayName: string;
  secrets: readonly Omit<AppSecret, 'value'>[];
  certificates: readonly AppCertificate[];
  federated: readonly FederatedCredential[];
  roles: AppRoles;
  policy: TenantPolicy;
};

const JWKS: BodyField = {
  accepts: (value) =>
    typeof value === 'object' && value !== null && 'keys' in value && FIELD.objects.accepts(value.keys),
  description: 'a JSON Web Key Set, {"keys": […]}',
};

/** What a registration is made of. */
export type AppRegistrationParts = { state: AppState; clientId: string; clock: Clock; random: RandomBytes };

/** The registration. Every method throws ControlError for a request that is not valid. */
export class AppRegistration {
  readonly #parts: AppRegistrationParts;

  constructor(parts: AppRegistrationParts) {
    this.#parts = parts;
  }

  get #state(): AppState {
    return this.#parts.state;
  }

  /** The registration without secret values. */
  view(): AppView {
    const { displayName, secrets, certificates, federated, roles, policy } = this.#state;
    const { clientId } = this.#parts;
    return { clientId, displayName, secrets: secrets.map(withoutValue), certificates, federated, roles, policy };
  }

  /** Adds a secret beside those that there are, and returns it with its value. */
  addSecret(request: SecretRequest = {}): AppSecret {
    const { text, time } = FIELD;
    const fields = { value: text, displayName: text, startDateTime: time, endDateTime: time };
    const plan = readBody<SecretRequest>(request, fields);
    if (this.#state.policy.secrets === 'forbidden')
      throw new ControlError('Credential type not allowed as per assigned policy: the tenant forbids client secrets.');
    const secret = newSecret(plan, this.#parts.clock, this.#parts.random);
    this.#state.secrets.push(secret);
    return secret;
  }

  /** Revokes the secret: it is refused from now on. */
  removeSecret(keyId: string): void {
    this.#state.secrets = without(this.#state.secrets, (secret) => secret.keyId === keyId, keyId);
  }

  addCertificate(request: CertificateRequest): AppCertificate {
    const { pem, displayName } = readBody<CertificateRequest>(request, { pem: FIELD.text, displayName: FIELD.text }, [
      'pem',
    ]);
    const certificate = certificateOf(pem);
    const added: AppCertificate = {
      keyId: guid(this.#parts.random),
      displayName: displayName ?? certificate.subject,
      pem: certificate.toString(),
      thumbprint: hash('sha1', certificate),
      thumbprintSha256: hash('sha256', certificate),
      startDateTime: new Date(certificate.validFrom).toISOString(),
      endDateTime: new Date(certificate.validTo).toISOString(),
    };
    this.#state.certificates.push(added);
    return added;
  }

  removeCertificate(keyId: string): void {
    this.#state.certificates = without(this.#state.certificates, (each) => each.keyId === keyId, keyId);
  }

  addFederated(request: FederatedRequest): FederatedCredential {
    const { text, texts } = FIELD;
    const fields = { name: text, issuer: text, subject: text, audiences: texts };
    const { name, ...plan } = readBody<FederatedRequest>(request, fields, ['issuer', 'subject']);
    const id = guid(this.#parts.random);
    const added = { id, name: name ?? `federated-${id.slice(0, 8)}`, audiences: [EXCHANGE_AUDIENCE], ...plan };
    this.#state.federated.push(added);
    return added;
  }

  removeFederated(id: string): void {
    this.#state.federated = without(this.#state.federated, (each) => each.id === id, id);
  }

  /** Replaces the granted permissions of the named resources. Tokens that were issued before keep theirs. */
  setRoles(request: Partial<AppRoles>): AppRoles {
    const roles = readBody<Partial<AppRoles>>(request, { graph: FIELD.texts, intune: FIELD.texts });
    return (this.#state.roles = { ...this.#state.roles, ...roles });
  }

  setPolicy(request: Partial<TenantPolicy>): TenantPolicy {
    const policy = readBody<Partial<TenantPolicy>>(request, {
      secrets: oneOf(['allowed', 'forbidden']),
      repeatedValidation: oneOf(['accepted', 'refused']),
    });
    return (this.#state.policy = { ...this.#state.policy, ...policy });
  }

  /** The keys of an external issuer, as its `jwks_uri` publishes them. The simulator fetches none. */
  setIssuer(request: { issuer: string; jwks: Jwks }): void {
    const fields = { issuer: FIELD.text, jwks: JWKS };
    const { issuer, jwks } = readBody<{ issuer: string; jwks: Jwks }>(request, fields, ['issuer', 'jwks']);
    this.#state.issuers[issuer] = { jwks };
  }

  /** A token of an external issuer, signed with a key that the simulator keeps for it. */
  assertion(request: AssertionRequest): string {
    const { text, seconds } = FIELD;
    const fields = { issuer: text, subject: text, audience: text, validitySeconds: seconds };
    const plan = readBody<AssertionRequest>(request, fields, ['issuer', 'subject']);
    const { signingKey } = this.#issuerOf(plan.issuer);
    const iat = Math.floor(this.#parts.clock().getTime() / 1000);
    const claims = {
      iss: plan.issuer,
      sub: plan.subject,
      aud: plan.audience ?? EXCHANGE_AUDIENCE,
      iat,
      nbf: iat,
      exp: iat + (plan.validitySeconds ?? 3600),
    };
    const signed = `${encode({ typ: 'JWT', alg: 'RS256', kid: KID })}.${encode(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), signingKey).toString('base64url')}`;
  }

  #issuerOf(issuer: string): { signingKey: string } {
    const known: ExternalIssuer | undefined = this.#state.issuers[issuer];
    if (known?.signingKey !== undefined) return { signingKey: known.signingKey };
    if (known) throw new ControlError(`issuer: the keys of ${issuer} were given, so only that issuer can sign.`);
    const signingKey = privateKeyPem(generateKey('rsa-2048').privateKey);
    const jwk = keyFromPem(signingKey, 'the key of an external issuer').privateKey.export({ format: 'jwk' });
    const { kty, n, e } = jwk;
    this.#state.issuers[issuer] = { signingKey, jwks: { keys: [{ kty, n, e, kid: KID, use: 'sig', alg: 'RS256' }] } };
    return { signingKey };
  }
}

const withoutValue = ({ keyId, displayName, startDateTime, endDateTime }: AppSecret): AppView['secrets'][number] => ({
  keyId,
  displayName,
  startDateTime,
  endDateTime,
});

const KID = 'simulated';
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

function certificateOf(pem: string): X509Certificate {
  try {
    const certificate = new X509Certificate(pem);
    if (certificate.publicKey.asymmetricKeyType === 'rsa') return certificate;
  } catch {
    // Said below, as for a certificate with another key.
  }
  throw new ControlError('pem: must be a certificate in PEM with an RSA key: Entra takes RS256 and PS256 only');
}

const hash = (algorithm: string, { raw }: X509Certificate): string =>
  createHash(algorithm).update(raw).digest('hex').toUpperCase();

function without<T>(list: readonly T[], matches: (item: T) => boolean, id: string): T[] {
  if (!list.some(matches)) throw new ControlError(`There is none with the id ${id.slice(0, 80)}; GET /app lists them.`);
  return list.filter((item) => !matches(item));
}
