/** What a CES answers to an order or a question (MS-WSTEP 3.1.4.1.3.4). */
import { catchDerError } from '../../asn1/limits.ts';
import { backendFault } from '../backend-fault.ts';
import { certificateFor, newestWithKey } from '../given-certificates.ts';
import { certificatesOf } from '../platform8/platform8-replies.ts';
import type { XmlElement } from '../strict-xml.ts';
import { onlyChild } from './soap12-replies.ts';
import { TOKEN, WSTEP_NAMESPACE } from './wstep-names.ts';

/** A certificate, DER, or that the request waits. `requestId`: its number at the CA. */
export type WstepAnswer = { certificate: Uint8Array; requestId?: string } | { requestId: string };

const { trust, security, enrollment } = WSTEP_NAMESPACE;

/** `keyHash`: of the request, as in `keyHashOf`. Throws IssuerError for a reply that is neither. */
export function wstepAnswer(body: XmlElement, keyHash: string, what: string): WstepAnswer {
  const collection = onlyChild(body, 'RequestSecurityTokenResponseCollection', trust);
  const response = onlyChild(collection, 'RequestSecurityTokenResponse', trust);
  if (!response) throw unclear(what, 'no answer of WS-Trust, or more than one');
  const id = onlyChild(response, 'RequestID', enrollment)?.text.trim() ?? '';
  const requestId = /^[\w.-]{1,80}$/.test(id) ? id : undefined;
  const numbered = requestId === undefined ? {} : { requestId };
  const own = tokenOf(onlyChild(response, 'RequestedSecurityToken', trust), TOKEN.x509);
  if (own) return { certificate: certificateFor(keyHash, [own], what), ...numbered };
  const certificate = newestWithKey(certificatesIn(tokenOf(response, TOKEN.pkcs7)), { keyHash });
  if (certificate) return { certificate, ...numbered };
  if (requestId !== undefined) return { requestId };
  throw unclear(what, 'neither a certificate nor the number of a request');
}

const unclear = (what: string, found: string) => backendFault('unknown-outcome', `${what}: ${found}`);

/** The octets of the one token directly below; undefined where there is none of this kind. */
function tokenOf(element: XmlElement | undefined, kind: string): Uint8Array | undefined {
  const token = onlyChild(element, 'BinarySecurityToken', security);
  if (!token || token.attributes.get('ValueType') !== kind) return undefined;
  const octets = Buffer.from(token.text, 'base64');
  return octets.length > 0 ? octets : undefined;
}

const certificatesIn = (cms: Uint8Array | undefined): Uint8Array[] =>
  cms
    ? catchDerError(
        () => certificatesOf(cms),
        () => [],
      )
    : [];
