/** Where verifiers find the OCSP responder of an authority: the pointer in the certificates of its endpoints. */
import type { EndpointConfig } from './endpoints.ts';
import type { Config } from './schema.ts';

/** The same configuration. A profile of an authority with a responder names its URL, unless it names another one. */
export function withOcspPointers(config: Config): Config {
  return { ...config, endpoints: config.endpoints.map((endpoint) => withPointer(endpoint, config.publicUrl)) };
}

function withPointer(endpoint: EndpointConfig, publicUrl: string | undefined): EndpointConfig {
  const { profile, authority } = endpoint;
  const pointer = ocspUrl(authority, publicUrl);
  const access = profile.value.authorityInfoAccess;
  if (pointer === undefined || access?.ocsp) return endpoint;
  const value = { ...profile.value, authorityInfoAccess: { ...access, ocsp: [pointer] } };
  return { ...endpoint, profile: { ...profile, value } };
}

/** Where verifiers find the responder; undefined without one, and where it is known under `https` only, which few of them take. */
export function ocspUrl(
  { name, value: { ocsp } }: EndpointConfig['authority'],
  publicUrl: string | undefined,
): string | undefined {
  if (!ocsp) return undefined;
  return ocsp.url ?? (publicUrl?.startsWith('http:') ? `${publicUrl}/ocsp/${name}` : undefined);
}
