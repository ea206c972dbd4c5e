/** Which proxy refused a long URL, and what to change there. */
import type { OtherAnswer } from '../client/url-length.ts';
import { printable } from './output.ts';

type Proxy = { is: (answer: OtherAnswer) => boolean; remedy: string };

const names = (pattern: RegExp) => (answer: OtherAnswer) => pattern.test(answer.headers.get('server') ?? '');

/** By the header `Server`, which each of them sends, and HAProxy by its words. */
const PROXIES: readonly Proxy[] = [
  { is: names(/^(nginx|openresty)/i), remedy: 'nginx: `large_client_header_buffers 4 128k;` in `server` or `http`' },
  {
    is: ({ body }) => body.includes('Your browser sent an invalid request'),
    remedy: 'HAProxy: `tune.bufsize 131072` in `global`',
  },
  {
    is: names(/^Apache/i),
    remedy: 'Apache: `LimitRequestLine 131072` in the first virtual host of this address and port',
  },
  {
    is: names(/^Microsoft-(IIS|HTTPAPI)/i),
    remedy:
      'IIS: `maxUrl` and `maxQueryString` of request filtering, and MaxRequestBytes and MaxFieldLength of HTTP.sys',
  },
  {
    is: names(/^(cloudflare|awselb|AkamaiGHost)/i),
    remedy: 'this service has a limit that cannot be raised: lead the name past it',
  },
];

const OTHERWISE = 'look for the limit of the request line or of the headers';

/** What to change at the proxy that gave this answer. */
export const remedyFor = (answer: OtherAnswer | undefined): string =>
  PROXIES.find(({ is }) => answer && is(answer))?.remedy ?? OTHERWISE;

/**
 * `HTTP 414 (nginx/1.22.1)`, `HTTP 302 to https://portal.example/`, `HTTP 200 (text/html)`. A header is cut at 200
 * characters and made `printable`: another program wrote it.
 */
export function answerText({ status, headers }: OtherAnswer): string {
  const shown = (name: string): string | undefined => {
    const value = headers.get(name);
    return value === null ? undefined : printable(value.slice(0, 200));
  };
  const location = shown('location');
  if (status >= 300 && status < 400) return `HTTP ${status}${location === undefined ? '' : ` to ${location}`}`;
  const who = shown('server') ?? shown('content-type');
  return `HTTP ${status}${who === undefined ? '' : ` (${who})`}`;
}
