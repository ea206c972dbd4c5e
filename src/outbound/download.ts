/** Fetches a public file, such as the revocation list of a CA: bounded in time and size, no redirects, no proxy. */
import { Agent, request } from 'undici';
import { networkFault } from './network-errors.ts';
import { readOctets } from './https-client.ts';
import { VERIFIED } from './tls-trust.ts';

/** `limit` in octets, `timeoutMs` for the whole exchange. */
export type Download = { url: string; limit: number; timeoutMs: number };

/** The octets at an http or https URL. Throws Error, which says why there are none. */
export async function download({ url, limit, timeoutMs }: Download): Promise<Uint8Array> {
  const { host } = new URL(url);
  const dispatcher = new Agent({ connect: VERIFIED });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal: timeout });
    if (statusCode !== 200) throw new RangeError(`${host} answered with HTTP ${statusCode}`);
    const octets = await readOctets(body, limit);
    if (!octets) throw new RangeError(`${host} answered with more than ${limit} octets`);
    return octets;
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    if (timeout.aborted) throw new Error(`${host} gave no answer within ${timeoutMs} ms`, { cause });
    throw new Error(`${host} could not be reached: ${networkFault(cause).code}`, { cause });
  } finally {
    await dispatcher.destroy();
  }
}
