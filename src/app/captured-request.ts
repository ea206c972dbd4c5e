/** The certification request in a file: alone, or in a captured SCEP message that a key of the configuration opens. */
import { DerError } from '../asn1/limits.ts';
import type { CertificationRequest } from '../core/request.ts';
import { ConfigError, HttpError } from '../core/errors.ts';
import { messageFromBody, messageFromQuery } from '../http/message-decoding.ts';
import { queryValue } from '../http/query.ts';
import { provesPossession, readCertificationRequest, unprovenText } from '../pkix/csr.ts';
import { importKey } from '../pkix/public-key.ts';
import { open } from '../scep/open.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import type { NamedRa } from './named-ras.ts';

/** `at`: the paths of the endpoints whose keys open the message; absent for a request alone. */
export type CapturedRequest = { csr: CertificationRequest; at?: readonly string[] };

/** `openWith` runs work with the keys, which only a message needs. Throws ConfigError, which says why there is no request. */
export async function capturedRequest(
  captured: Uint8Array,
  openWith: (work: (ras: NamedRa[]) => Promise<CapturedRequest>) => Promise<CapturedRequest>,
): Promise<CapturedRequest> {
  const bytes = octetsOf(captured);
  const csr = requestIn(bytes);
  return csr ? { csr } : openWith((ras) => openedRequest(bytes, ras));
}

const REMEDY = 'Give a PKCS#10 request, or a captured PKIOperation: `openndes explain` says what a file is.';

/** The octets in a file: DER, base64, PEM or the URL of a GET. Throws ConfigError. */
export function octetsOf(captured: Uint8Array): Uint8Array {
  const text = Buffer.from(captured.subarray(0, 200_000)).toString('latin1').trim();
  const query = /[?&]message=/i.test(text) ? queryValue(text, 'message') : undefined;
  try {
    return query === undefined ? messageFromBody(captured) : messageFromQuery(query);
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    throw new ConfigError(`this is no certification request: ${cause.message}`, REMEDY, { cause });
  }
}

/** The PKCS#10 request that the octets are; undefined for a message. Throws ConfigError for one that cannot be used. */
export function requestIn(bytes: Uint8Array): CertificationRequest | undefined {
  try {
    const request = readCertificationRequest(bytes);
    if (provesPossession(request, importKey(request.publicKey))) return request;
    throw new ConfigError(unprovenText(request), 'Make the request anew.');
  } catch (error) {
    // A message is a SEQUENCE that begins with an OBJECT IDENTIFIER, a request one that begins with a SEQUENCE.
    if (error instanceof DerError && isMessage(bytes)) return undefined;
    if (error instanceof ConfigError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`the certification request cannot be used: ${why}`, REMEDY, { cause: error });
  }
}

const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');
const isMessage = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 20)).includes(SIGNED_DATA);

async function openedRequest(bytes: Uint8Array, ras: readonly NamedRa[]): Promise<CapturedRequest> {
  const found: { csr: CertificationRequest; of: string }[] = [];
  let why = 'no endpoint has a key for it';
  for (const { of, ra, rules } of ras) {
    if (!rules) continue;
    const context = { ra, rules: { ...rules, signingTime: undefined }, clock: systemClock, random: systemRandom };
    const opened = await open(bytes, context);
    if (opened.kind === 'refused') why = opened.detail;
    else if (opened.content.type === 'certification-request') found.push({ csr: opened.content.csr, of });
    else why = `a message of the type ${opened.header.messageType}`;
  }
  const [first] = found;
  if (!first) throw new ConfigError(`no certification request in the message: ${why}`, REMEDY);
  return { csr: first.csr, at: found.map(({ of }) => of) };
}
