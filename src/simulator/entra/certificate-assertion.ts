/** Verifies an assertion that the app signed with the key of its certificate (Entra, "Certificate credentials"). */
import { X509Certificate } from 'node:crypto';
import type { EntraFailure } from '../error-bodies.ts';
import type { AppCertificate } from './app-state.ts';
import type { GrantRequest } from './grant-checks.ts';
import { hasSignature, isSupported, isTimely, type ReadJwt } from './jwt.ts';
import { refusal } from './refusals.ts';

/** Why Entra does not accept the assertion; undefined when it does. */
export function certificateFailure(jwt: ReadJwt, request: GrantRequest): EntraFailure | undefined {
  if (!isSupported(jwt)) return refusal('malformedAssertion', 'The alg must be RS256 or PS256.');
  const certificate = request.state.app.certificates.find((each) => isNamed(each, jwt));
  if (!certificate) return refusal('badSignature', '[Reason - The key was not found.]');
  const key = new X509Certificate(certificate.pem).publicKey;
  if (!isChainOf(certificate, jwt)) return refusal('badSignature', '[Reason - x5c is not the registered certificate.]');
  if (!hasSignature(jwt, key))
    return refusal('badSignature', '[Reason - The provided signature value did not match the expected one.]');
  const now = request.call.at.getTime();
  if (Date.parse(certificate.endDateTime) <= now) return refusal('badSignature', '[Reason - The key used is expired.]');
  if (Date.parse(certificate.startDateTime) > now)
    return refusal('badSignature', '[Reason - The key used is not valid yet.]');
  return claimsFailure(jwt, request);
}

/** By x5t (SHA-1) or x5t#S256; when the header has both, both must fit (RFC 7515 4.1.7, 4.1.8). */
function isNamed({ thumbprint, thumbprintSha256 }: AppCertificate, { header }: ReadJwt): boolean {
  const pairs = [
    [header['x5t'], thumbprint],
    [header['x5t#S256'], thumbprintSha256],
  ].filter(([named]) => named !== undefined);
  return (
    pairs.length > 0 && pairs.every(([named, hex]) => named === Buffer.from(String(hex), 'hex').toString('base64url'))
  );
}

/** Whether x5c, if there is one, begins with the certificate (RFC 7515 4.1.6). */
function isChainOf({ pem }: AppCertificate, { header }: ReadJwt): boolean {
  const chain = header['x5c'];
  if (chain === undefined) return true;
  return Array.isArray(chain) && chain[0] === new X509Certificate(pem).raw.toString('base64');
}

function claimsFailure(jwt: ReadJwt, { call, state }: GrantRequest): EntraFailure | undefined {
  const { iss, sub, aud, nbf, jti } = jwt.claims;
  const isClient = (claim: unknown): boolean => String(claim).toLowerCase() === state.clientId.toLowerCase();
  if (!isClient(iss) || !isClient(sub)) return refusal('otherClient');
  if (typeof jti !== 'string' || jti === '' || typeof nbf !== 'number')
    return refusal('malformedAssertion', 'The claims jti and nbf are needed.');
  if (!audiencesOf(call, state).includes(String(aud).toLowerCase())) return refusal('wrongAudience');
  return isTimely(jwt, call.at) ? undefined : refusal('untimely');
}

/** The token endpoint of either version, or the issuer; the tenant by its id or its domain. */
const audiencesOf = ({ site }: GrantRequest['call'], { tenant, tenantId }: GrantRequest['state']): readonly string[] =>
  [tenant, tenantId].flatMap((name) =>
    ['oauth2/v2.0/token', 'oauth2/token', 'v2.0', ''].map((path) => `${site.login}/${name}/${path}`.toLowerCase()),
  );
