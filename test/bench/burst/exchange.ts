/** One message over a connection of its own, as a device sends it, and what its answer means. */
import { request as httpRequest } from 'node:http';
import { singleValue } from '../../../src/cms/attributes.ts';
import { readSignedData } from '../../../src/cms/signed-data.ts';
import { SCEP_ATTRIBUTE } from '../../../src/scep/message-attributes.ts';
import type { NoCertificate } from './clients.ts';

/** `certificate`: a CertRep with pkiStatus SUCCESS. `failure`: one with FAILURE. */
export type DeviceAnswer =
  | NoCertificate
  | { kind: 'certificate'; reply: Uint8Array }
  | { kind: 'failure'; reply: Uint8Array };

/** Milliseconds. It is the time of a request and no pause, so it is as long as it is in reality. */
const TIMEOUT = 60_000;
/** Devices come from so many addresses of 127.0.0.0/8: the server has bounds for one address. */
const ADDRESSES = 250;

/** Posts the message of the n-th device. */
export function exchange(url: string, n: number, message: Uint8Array): Promise<DeviceAnswer> {
  const localAddress = `127.0.1.${1 + (n % ADDRESSES)}`;
  const options = { method: 'POST', agent: false as const, localAddress, timeout: TIMEOUT };
  return new Promise((resolve) => {
    const unreachable = (error: NodeJS.ErrnoException): void =>
      resolve({ kind: 'unreachable', reason: error.code ?? error.message });
    const outgoing = httpRequest(`${url}?operation=PKIOperation`, options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', unreachable);
      response.on('end', () =>
        resolve(meaningOf(response.statusCode!, response.headers['retry-after'], Buffer.concat(parts))),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', unreachable);
    outgoing.end(message);
  });
}

const MEANING: Readonly<Record<string, 'certificate' | 'failure'>> = { '0': 'certificate', '2': 'failure' };

/** Everything but 200 is an answer of the server, or of a proxy, that it cannot serve now. */
export function meaningOf(status: number, retryAfter: string | undefined, reply: Uint8Array): DeviceAnswer {
  if (status !== 200) return { kind: 'busy', ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }) };
  const { attributes } = readSignedData(reply).signers[0]!;
  const pkiStatus = Buffer.from(singleValue(attributes, SCEP_ATTRIBUTE.pkiStatus)!.content).toString();
  const kind = MEANING[pkiStatus];
  return kind ? { kind, reply } : { kind: 'pending' };
}
