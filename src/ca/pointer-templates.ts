/** URIs of a profile that depend on the authority: `{authority}` in them stands for its name. */
import type { Profile } from './profile.ts';

/** The profile with the name of the authority in its pointers to lists, OCSP responders and CA certificates. */
export function withAuthority(profile: Profile, name: string): Profile {
  const filled = (uris: readonly string[]): string[] => uris.map((uri) => uri.replaceAll('{authority}', name));
  const { crl, authorityInfoAccess: access, byUsage } = profile;
  return {
    ...profile,
    ...(byUsage && {
      byUsage: Object.fromEntries(Object.entries(byUsage).map(([usage, other]) => [usage, withAuthority(other, name)])),
    }),
    ...(crl && { crl: filled(crl) }),
    ...(access && {
      authorityInfoAccess: {
        ...(access.ocsp && { ocsp: filled(access.ocsp) }),
        ...(access.caIssuers && { caIssuers: filled(access.caIssuers) }),
      },
    }),
  };
}
