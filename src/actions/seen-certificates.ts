/** Which certificates a caller may see: those of the endpoints, CAs and tenants of the caller's reach. The others do not exist. */
import type { Belonging, Reach } from '../core/access.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { AuditQuery, KnownIssuer, SearchedPlace } from '../core/search-store.ts';
import { canonicalSerial } from '../manage/certificates.ts';
import type { Desk, Running } from './action.ts';
import { ActionError } from './action-error.ts';

/** What a filter says about places. `authority`: its name, or the beginning of an issuer id. */
export type PlaceFilter = {
  endpoint?: string | undefined;
  authority?: string | undefined;
  profile?: string | undefined;
};

type Looking = Pick<Running<unknown>, 'desk' | 'reach'>;

/** The places of the filter that are in reach; undefined when nothing limits them. */
export async function placesFor({ desk, reach }: Looking, filter: PlaceFilter): Promise<SearchedPlace[] | undefined> {
  const { endpoint, authority, profile } = filter;
  if (reach.everywhere && [endpoint, authority, profile].every((each) => each === undefined)) return undefined;
  const isSeenAt = seeing({ desk, reach });
  const issuers = (await desk.store.knownIssuers()).filter((each) => isOf(each, authority));
  const having = profile === undefined ? undefined : withProfile(desk, profile);
  const names = (await desk.store.endpointNames()).filter(
    (name) => (endpoint === undefined || name === endpoint) && (having === undefined || having.has(name)),
  );
  return names.flatMap((name) => {
    const issuerIds = issuers.filter((issuer) => isSeenAt(name, issuer)).map(({ issuerId }) => issuerId);
    return issuerIds.length > 0 ? [{ endpoint: name, issuerIds }] : [];
  });
}

/** The same for entries of the history, those about no certificate too; undefined when nothing limits them. */
export async function auditPlacesFor({ desk, reach }: Looking): Promise<AuditQuery['places']> {
  if (reach.everywhere) return undefined;
  const [isSeenAt, placesOf] = [seeing({ desk, reach }), belongings(desk)];
  const issuers = await desk.store.knownIssuers();
  return (await desk.store.endpointNames()).flatMap((endpoint) => {
    const issuerIds = issuers.filter((issuer) => isSeenAt(endpoint, issuer)).map(({ issuerId }) => issuerId);
    const bare = placesOf(endpoint).every((place) => reach.covers(place));
    return issuerIds.length > 0 || bare ? [{ endpoint, issuerIds, bare }] : [];
  });
}

const isOf = ({ authority, issuerId }: KnownIssuer, wanted: string | undefined): boolean =>
  wanted === undefined || authority === wanted || (wanted.length >= 8 && issuerId.startsWith(wanted));

const withProfile = ({ endpoints }: Desk, profile: string): ReadonlySet<string> =>
  new Set(endpoints?.list().flatMap(({ view }) => (view.profiles.includes(profile) ? [view.name] : [])));

/** Where an endpoint belongs, as it is configured: at one place for each of its tenants. */
function belongings({ endpoints }: Desk): (endpoint: string) => readonly Belonging[] {
  const known = new Map(endpoints?.list().map(({ view, places }) => [view.name, places]));
  return (endpoint) => known.get(endpoint) ?? [{ endpoint }];
}

/** Its CA is that of the certificate, which may be another one than that of the endpoint today. Of several tenants all must be in reach. */
function seeing({ desk, reach }: Looking): (endpoint: string, issuer: Partial<KnownIssuer>) => boolean {
  if (reach.everywhere) return () => true;
  const placesOf = belongings(desk);
  return (endpoint, { authority }) => {
    const of = authority === undefined ? {} : { authority };
    return placesOf(endpoint).every(({ tenant }) =>
      reach.covers({ endpoint, ...of, ...(tenant !== undefined && { tenant }) }),
    );
  };
}

/** Those that the caller may see. */
export async function seenAmong<C extends Pick<StoredCertificate, 'issuerId' | 'endpoint'>>(
  { desk, reach }: Looking,
  certificates: readonly C[],
): Promise<C[]> {
  if (reach.everywhere || certificates.length === 0) return [...certificates];
  const issuers = new Map((await desk.store.knownIssuers()).map((each) => [each.issuerId, each]));
  const isSeenAt = seeing({ desk, reach });
  return certificates.filter(({ issuerId, endpoint }) => isSeenAt(endpoint, issuers.get(issuerId) ?? {}));
}

/** The certificate that the caller names by its issuer, of which the beginning is enough, and serial number. Throws ActionError. */
export async function seenCertificate(
  { desk, reach }: Looking,
  { issuer, serial }: { issuer: string; serial: string },
): Promise<StoredCertificate> {
  const all = await desk.store.findCertificatesBySerial(canonicalSerial(serial));
  const named = all.filter(({ issuerId }) => issuerId.startsWith(issuer));
  const [one, ...others] = await seenAmong({ desk, reach }, named);
  if (!one) throw new ActionError('not_found', 'there is no certificate of this issuer with this serial number');
  if (others.length > 0)
    throw new ActionError('conflict', 'several issuers used this serial number', 'Give more of the issuer id.');
  return one;
}

/** Throws ActionError for one whose permission is limited to some places. */
export function assertEverywhere(reach: Reach, what: string): void {
  if (!reach.everywhere)
    throw new ActionError('forbidden', `${what} holds for all endpoints, and your role is limited to some`);
}
