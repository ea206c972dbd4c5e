/** What a person means who looks for a certificate by one text. */
import type { SearchTerms } from '../core/search-store.ts';
import type { CertificateNameKind } from '../core/records.ts';
import { serialBeginning } from './certificates.ts';

const KINDS = [
  'cn',
  'upn',
  'dns',
  'email',
  'uri',
  'ip',
  'intuneDeviceId',
  'entraDeviceId',
] as const satisfies readonly CertificateNameKind[];

/** SHA-1 and SHA-256, hexadecimal. */
const THUMBPRINT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const HEX = /^[0-9a-f]+$/;

/**
 * The beginning of any name in the certificate; or, where the text is hexadecimal, the beginning of its serial number or its
 * whole thumbprint, as Windows and openssl write them. `cn:`, `upn:`, `dns:` and others before a name say which kind it is.
 */
export function searchTerms(text: string): SearchTerms {
  const trimmed = text.trim();
  const [, kind = '', value = ''] = /^([a-z]+):(.+)$/is.exec(trimmed) ?? [];
  const named = KINDS.find((each) => each.toLowerCase() === kind.toLowerCase());
  if (named) return { name: { beginning: value.trim(), kinds: [named] } };
  const digits = trimmed
    .replace(/[:\s\u200e]/g, '')
    .replace(/^0x/i, '')
    .toLowerCase();
  const isHex = HEX.test(digits);
  return {
    name: { beginning: trimmed, kinds: KINDS },
    ...(isHex && { serialPrefix: serialBeginning(digits) }),
    ...(THUMBPRINT.test(digits) && { thumbprint: digits }),
  };
}
