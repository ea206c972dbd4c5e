/** One POST to a service of the administrator: bounded in time and size, no redirects, its own trust. */
import { createSecureContext, getCACertificates } from 'node:tls';
import { Agent, request } from 'undici';

/** What came back, whatever its status. */
export type PostReply = { status: number; text: string };

/** Throws WebhookUnreachable when there is no whole answer, and the signal's reason when the caller gave up. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<PostReply>;

/** The service gave no whole answer. The message names the host alone: nothing that was sent is in it. */
export class WebhookUnreachable extends Error {
  override readonly name = 'WebhookUnreachable';
}

/** How a service is reached. */
export type WebhookConnection = {
  /** PEM of CAs to trust beside the public ones. */
  trustCa?: string | undefined;
  /** The longest that one exchange may take, milliseconds. */
  timeout: number;
};

/** An answer is a word and a reason. */
const MOST_OCTETS = 64 * 1024;

/** Posts over connections of its own; `close` ends them. */
export function httpPost({ trustCa, timeout }: WebhookConnection): { post: Post; close: () => Promise<void> } {
  // Made once: with `ca` in its place, every connection would read the hundred and more certificates again.
  const tls =
    trustCa === undefined
      ? {}
      : { secureContext: createSecureContext({ ca: [...getCACertificates('default'), trustCa] }) };
  const dispatcher = new Agent({ connect: tls });
  const post: Post = async (url, headers, body, signal) => {
    const late = AbortSignal.timeout(timeout);
    try {
      const options = { dispatcher, method: 'POST', headers, body, signal: AbortSignal.any([signal, late]) } as const;
      const reply = await request(url, options);
      return { status: reply.statusCode, text: await readText(reply.body) };
    } catch (cause) {
      signal.throwIfAborted();
      const why = late.aborted ? `gave no answer within ${timeout} ms` : `could not be asked: ${reasonOf(cause)}`;
      throw new WebhookUnreachable(`${new URL(url).host} ${why}`, { cause });
    }
  };
  return { post, close: () => dispatcher.destroy() };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > MOST_OCTETS) throw new Error(`an answer of more than ${MOST_OCTETS} octets`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** undici and Node wrap: the code that says something is at the bottom. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return 'code' in error ? String(error.code) : error.message;
}
