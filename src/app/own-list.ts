/** The URLs of the list and of the certificate of a CA that this server serves, in the profiles of its endpoints. */
import type { Profile } from '../ca/profile.ts';

/** Whether a URL is that of the list of this name, on whatever host. */
export const isListUrl = (url: string, list: string): boolean => isOwn(url, `/crl/${list}.crl`);

const isOwn = (url: string, end: string): boolean => URL.parse(url)?.pathname.endsWith(end) ?? false;

/**
 * The profile with the list and the certificate of the CA that issues now. After a rollover to a new key those under the name of the
 * authority are of the CA before, so new certificates must name other ones.
 */
export function withOwnList(profile: Profile, authority: string, list: string | undefined): Profile {
  if (list === undefined || list === authority) return profile;
  const own = (each: Profile): Profile => withOwnList(each, authority, list);
  const { crl, authorityInfoAccess: access, byUsage } = profile;
  const issuers = access?.caIssuers?.map((url) => renamed(url, `/aia/${authority}.cer`, `/aia/${list}.cer`));
  return {
    ...profile,
    ...(crl && { crl: crl.map((url) => renamed(url, `/crl/${authority}.crl`, `/crl/${list}.crl`)) }),
    ...(issuers && { authorityInfoAccess: { ...access, caIssuers: issuers } }),
    ...(byUsage && {
      byUsage: Object.fromEntries(Object.entries(byUsage).map(([usage, other]) => [usage, own(other)])),
    }),
  };
}

/** The end of the path is all that changes: what follows it stays. */
function renamed(url: string, from: string, to: string): string {
  if (!isOwn(url, from)) return url;
  const at = url.lastIndexOf(from);
  return `${url.slice(0, at)}${to}${url.slice(at + from.length)}`;
}
