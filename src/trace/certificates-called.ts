/** Certificates by what people copy from Windows, Intune or openssl: a serial number, or a thumbprint. */
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';

/** Where certificates are looked for. */
export type CertificatesBySign = Pick<CertificateStore, 'findCertificatesBySerial' | 'listCertificates'>;

/** SHA-1 and SHA-256. */
const THUMBPRINT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const SERIAL = /^0*[0-9a-f]{1,40}$/;

/** `text`: a whole serial number or a whole thumbprint, with colons and blanks or without. Windows begins what it copies with U+200E. */
export async function certificatesCalled(text: string, store: CertificatesBySign): Promise<StoredCertificate[]> {
  const digits = text.replace(/[:\s\u200e]/g, '').toLowerCase();
  const ofSerial = SERIAL.test(digits) ? await store.findCertificatesBySerial(storedSerial(digits)) : [];
  if (!THUMBPRINT.test(digits)) return ofSerial;
  return [...ofSerial, ...(await store.listCertificates({ thumbprint: digits, limit: 2 }))];
}

/** As the store has them: whole octets, and no octets of zero before them. */
function storedSerial(digits: string): string {
  const short = digits.replace(/^0+/, '');
  return short.length % 2 === 0 ? short : `0${short}`;
}
