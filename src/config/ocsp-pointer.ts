/** Where verifiers find the OCSP responder of an authority: the pointer in the certificates of its endpoints. */
import type { EndpointConfig } from './endpoints.ts';
import type { ProfileConfig } from './profiles.ts';
import type { Config } from './schema.ts';
import type { Finding } from './yaml/schema-problems.ts';

/** The same configuration. A profile of an authority with a responder names its URL, unless it names another one. */
export function withOcspPointers(config: Config): Config {
  return { ...config, endpoints: config.endpoints.map((endpoint) => withPointer(endpoint, config.publicUrl)) };
}

function withPointer(endpoint: EndpointConfig, publicUrl: string | undefined): EndpointConfig {
  const { profile, byUsage, authority } = endpoint;
  const pointer = ocspUrl(authority, publicUrl);
  if (pointer === undefined) return endpoint;
  const pointed = (named: typeof profile): typeof profile => ({ ...named, value: withResponder(named.value, pointer) });
  const others = byUsage && { signature: pointed(byUsage.signature), encryption: pointed(byUsage.encryption) };
  return { ...endpoint, profile: pointed(profile), ...(others && { byUsage: others }) };
}

function withResponder(profile: ProfileConfig, pointer: string): ProfileConfig {
  const access = profile.authorityInfoAccess;
  return access?.ocsp ? profile : { ...profile, authorityInfoAccess: { ...access, ocsp: [pointer] } };
}

/** Where verifiers find the responder; undefined without one, and where it is known under `https` only, which few of them take. */
export function ocspUrl(
  { name, value: { ocsp } }: EndpointConfig['authority'],
  publicUrl: string | undefined,
): string | undefined {
  if (!ocsp) return undefined;
  return ocsp.url ?? (publicUrl?.startsWith('http:') ? `${publicUrl}/ocsp/${encodeURIComponent(name)}` : undefined);
}

/** A warning for each authority with a responder that the certificates of one of its endpoints do not name. */
export function unnamedResponders({ endpoints }: Config): Finding[] {
  const names = endpoints
    .filter(({ profile, authority }) => authority.value.ocsp && !profile.value.authorityInfoAccess?.ocsp)
    .map(({ authority }) => authority.name);
  return [...new Set(names)].map((name) => ({
    path: ['authorities', name, 'ocsp'],
    at: 'key',
    what: 'no certificate names the responder, because its URL is not known: `publicUrl` is missing or `https`, for which few verifiers ask',
    remedy: 'Write the URL under which verifiers reach `/ocsp/` over plain HTTP: `ocsp: { url: "http://…" }`.',
  }));
}
