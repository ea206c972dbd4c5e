/** The URL of the revocation list that this server serves, in the profiles of its endpoints. */
import type { Profile } from '../ca/profile.ts';

/** Whether a URL is that of the list of this name, on whatever host. */
export const isListUrl = (url: string, list: string): boolean =>
  URL.parse(url)?.pathname.endsWith(`/crl/${list}.crl`) ?? false;

/**
 * The profile with the list of the CA that issues now. After a rollover to a new key the list under the name of the authority is that
 * of the CA before, so new certificates must name another one.
 */
export function withOwnList(profile: Profile, authority: string, list: string | undefined): Profile {
  if (list === undefined || list === authority) return profile;
  const own = (each: Profile): Profile => withOwnList(each, authority, list);
  const { crl, byUsage } = profile;
  return {
    ...profile,
    ...(crl && { crl: crl.map((url) => (isListUrl(url, authority) ? renamed(url, authority, list) : url)) }),
    ...(byUsage && {
      byUsage: Object.fromEntries(Object.entries(byUsage).map(([usage, other]) => [usage, own(other)])),
    }),
  };
}

/** The end of the path is all that changes: what follows it stays. */
function renamed(url: string, authority: string, list: string): string {
  const at = url.lastIndexOf(`/crl/${authority}.crl`);
  return `${url.slice(0, at)}/crl/${list}.crl${url.slice(at + `/crl/${authority}.crl`.length)}`;
}
