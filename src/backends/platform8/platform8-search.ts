/** The certificates of a seat at DigiCert PKI Platform 8, among which that of an order is looked for. */
import { backendFault } from '../backend-fault.ts';
import { certificatesIn, newestWithKey, type SoughtCertificate } from '../given-certificates.ts';
import { elementsNamed, type XmlElement } from '../strict-xml.ts';
import { NAMESPACE } from './platform8-envelopes.ts';

const named = (element: XmlElement, name: string): XmlElement[] => elementsNamed(element, name, [NAMESPACE.management]);

/** Pages of a search. */
const MOST_PAGES = 20;

/** Reads page after page. `pageFrom`: the valid certificates of the seat, from the one with this number on. Throws IssuerError. */
export async function searchPlatform8(
  pageFrom: (start: number) => Promise<XmlElement>,
  sought: SoughtCertificate,
): Promise<Uint8Array | undefined> {
  const given: Uint8Array[] = [];
  for (let number = 0, start = 0; number < MOST_PAGES; number++) {
    const page = await pageFrom(start);
    const rows = named(page, 'certificateInformation');
    given.push(...rows.flatMap((row) => named(row, 'certificate')).flatMap(({ text }) => certificatesIn(text.trim())));
    start += rows.length;
    if (rows.length === 0 || !/^(true|1)$/.test(named(page, 'moreCertificateAvailable')[0]?.text.trim() ?? ''))
      return newestWithKey(given, sought);
  }
  throw backendFault(
    'unavailable',
    'DigiCert PKI Platform has more certificates of the seat than can be looked through',
  );
}
