/** The profiles of an endpoint. */
import type { EndpointConfig } from '../config/endpoints.ts';

/** The name of each, once: the one for general purposes first. */
export const profileNames = ({ profile, byUsage }: Pick<EndpointConfig, 'profile' | 'byUsage'>): string[] => [
  ...new Set([profile, byUsage?.signature, byUsage?.encryption].flatMap((each) => (each ? [each.name] : []))),
];
