/** How long a URL may be to reach a SCEP server: clients without POST send their request in it, and proxies refuse long ones. */
import type { KeyProvider } from '../core/keys.ts';
import { nameFromText } from '../pkix/name.ts';
import { type Fetch, MOST_OCTETS, octetsOf } from './ca-operations.ts';
import { type ClientContext, poll, type ScepServer } from './scep-client.ts';

/** Octets of path and query. */
const LENGTHS = [2, 4, 8, 16, 32, 64].map((kilobytes) => kilobytes * 1024);

/** An HTTP answer that is no reply of the server; `body`: its beginning. */
export type OtherAnswer = { status: number; headers: Headers; body: string };

/** One URL: whether the server replied to all of it, and what came otherwise. `octets` of path and query. */
export type UrlProbe =
  | { octets: number; reached: true }
  | { octets: number; reached: false; answer: OtherAnswer }
  | UnansweredProbe;

type UnansweredProbe = { octets: number; reached: false; answer: undefined; error: unknown };

/**
 * Sends CertPolls for a transaction that never was, each in a longer URL, until one does not reach the server. The server refuses
 * them and keeps nothing. Its signed reply proves that the whole URL came: the message is at the end. `key`: a new one.
 */
export async function probeUrls(server: ScepServer, key: KeyProvider, context: ClientContext): Promise<UrlProbe[]> {
  const probes: UrlProbe[] = [];
  for (const length of LENGTHS) {
    const probe = await probeUrl(length, server, { key, context });
    probes.push(probe);
    if (!probe.reached) break;
  }
  return probes;
}

async function probeUrl(
  length: number,
  server: ScepServer,
  { key, context }: { key: KeyProvider; context: ClientContext },
): Promise<UrlProbe> {
  let octets = length;
  let answer: OtherAnswer | undefined;
  const fetch: Fetch = async (input, init) => {
    const url = padded(new URL(input instanceof Request ? input.url : input), length);
    octets = (url.pathname + url.search).length;
    const response = await context.fetch(url, { ...init, redirect: 'manual' });
    const { status, headers } = response;
    answer = { status, headers, body: '' };
    const body = await octetsOf(response, MOST_OCTETS);
    if (!body) throw new Error(`the answer has more than ${MOST_OCTETS} octets`);
    answer.body = Buffer.from(body).toString().slice(0, 2000);
    return new Response(body.length > 0 ? body : null, { status, headers });
  };
  try {
    const plan = { key, subject: nameFromText('CN=openndes probe') };
    await poll({ ...server, get: true }, plan, { fetch, clock: context.clock, random: context.random });
    return { octets, reached: true };
  } catch (error) {
    return answer ? { octets, reached: false, answer } : { octets, reached: false, answer, error };
  }
}

/** The URL with a parameter before the others that makes path and query so long. A short URL cannot be made shorter. */
function padded(url: URL, length: number): URL {
  const missing = length - (url.pathname + url.search).length - 'pad=&'.length;
  if (missing > 0) url.search = `?pad=${'0'.repeat(missing)}&${url.search.slice(1)}`;
  return url;
}
