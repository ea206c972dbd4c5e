/** The certificates of a seat at DigiCert Trust Lifecycle Manager, among which that of an order is looked for. */
import { asObject, field } from '../../outbound/untrusted-json.ts';
import type { BackendReply } from '../backend-call.ts';
import { backendFault } from '../backend-fault.ts';
import { certificatesIn, newestWithKey, type SoughtCertificate } from '../given-certificates.ts';

/** Pages of a search. */
const MOST_PAGES = 20;

/** Reads page after page. `pageFrom`: the valid certificates of the seat, from the one with this number on. Throws IssuerError. */
export async function searchSeat(
  pageFrom: (offset: number) => Promise<BackendReply>,
  sought: SoughtCertificate,
): Promise<Uint8Array | undefined> {
  const given: Uint8Array[] = [];
  for (let page = 0, offset = 0; page < MOST_PAGES; page++) {
    const { json } = await pageFrom(offset);
    const items = [field(json, 'items') ?? []].flat();
    given.push(...items.flatMap((item) => certificatesIn(field(asObject(item), 'certificate'))));
    offset += items.length;
    if (items.length === 0 || offset >= Number(field(json, 'total') ?? 0)) return newestWithKey(given, sought);
  }
  throw backendFault('unavailable', 'DigiCert has more certificates of the seat than can be looked through');
}

/** The path and query of one page. */
export function searchPath(profileId: string, seat: string, offset: number): string {
  const of = { profile_id: profileId, seat_id: seat, status: 'issued' };
  const query = new URLSearchParams({ ...of, offset: String(offset), limit: '100' });
  return `/mpki/api/v1/certificate-search?${query.toString()}`;
}
