/** Sends one POST to the service behind a webhook. */
import { httpsClient, NoReply } from '../outbound/https-client.ts';

/** A whole reply, whatever its status. A redirect is a reply too: it is never followed. */
export type PostReply = { status: number; text: string };

/** Throws WebhookUnreachable when there is no whole reply, and the signal's reason when the caller aborts. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<PostReply>;

/** The service gave no whole reply. The message names the host only: it contains nothing that was sent. */
export class WebhookUnreachable extends Error {
  override readonly name = 'WebhookUnreachable';
}

/** How the service is reached. */
export type WebhookConnection = {
  /** PEM of CAs to trust beside the public ones. */
  trustCa?: string | undefined;
  /** Time limit of one exchange, milliseconds. */
  timeout: number;
};

/** Longest reply that is read, octets. A decision and a reason are much shorter. */
const REPLY_LIMIT = 64 * 1024;

/** Posts over connections of its own; `close` ends them. */
export function httpPost({ trustCa, timeout }: WebhookConnection): { post: Post; close: () => Promise<void> } {
  const { exchange, close } = httpsClient({ trustCa, timeoutMs: timeout });
  const post: Post = async (url, headers, body, signal) => {
    try {
      return await exchange({ method: 'POST', url, headers, body, limit: REPLY_LIMIT }, signal);
    } catch (error) {
      if (error instanceof NoReply) throw new WebhookUnreachable(error.message, { cause: error });
      throw error;
    }
  };
  return { post, close };
}
