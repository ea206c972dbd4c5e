/** What a device reads in an answer. Not read by our own reader, nor with pkijs, which would take most of the time. */

/** `issued`, `pending`, `refused`, or `HTTP 400`; of a refusal failInfo and HRESULT. */
export type WireStatus = { status: string; refusal?: readonly [failInfo: string, hresult: string] };

/** The OBJECT IDENTIFIERs of RFC 8894 3.2.1 and Microsoft's, DER. */
const PKI_STATUS = Buffer.from('060a6086480186f845010903', 'hex');
const FAIL_INFO = Buffer.from('060a6086480186f845010904', 'hex');
const ENROLL_SCEP_ERROR = Buffer.from('06092b0601040182371521', 'hex');

/** RFC 8894 3.2.1.3. */
const STATUS: Readonly<Record<string, string>> = { '0': 'success', '2': 'refused', '3': 'pending' };

/** The status in the signed attributes of a CertRep. Throws for HTTP 200 without one. */
export function statusOf({ status, body }: { status: number; body: Buffer }): WireStatus {
  if (status !== 200) return { status: `HTTP ${status}` };
  const word = STATUS[valueOf(body, PKI_STATUS)]!;
  if (word !== 'refused') return { status: word };
  return { status: word, refusal: [valueOf(body, FAIL_INFO), valueOf(body, ENROLL_SCEP_ERROR)] };
}

/** The text of the only value, a PrintableString, of an attribute: behind its type come the SET and the string. */
function valueOf(body: Buffer, type: Buffer): string {
  const at = body.indexOf(type);
  const behind = body.subarray(at + type.length);
  if (at < 0 || behind[0] !== 0x31 || behind[2] !== 0x13) throw new Error(`no ${type.toString('hex')} in the answer`);
  return behind.toString('latin1', 4, 4 + behind[3]!);
}
