/** Gives out files with keys of people, once: `/pfx/` has a page for people and takes the token of a link by POST. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/environment.ts';
import type { Emit, KeyLinkRefusal } from '../core/events.ts';
import { allow } from './allow.ts';
import { httpFacts } from './facts.ts';
import { keyLinkPage } from './key-link-page.ts';
import { perMinute } from './per-minute.ts';
import { plain } from './scep-listener.ts';

/** A file that was fetched, or why there is none. `name`: of the file, in ASCII without quotes. */
export type FetchedKey =
  | { name: string; file: Uint8Array; endpoint: string; transactionId: string }
  | { refused: KeyLinkRefusal };

/** Fetches what waits under this token. `address`: of who asks. Throws what the store throws. */
export type FetchKey = (token: string, address: string) => Promise<FetchedKey>;

/** Octets of a body: a form with a token has 49. */
const LONGEST = 1024;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Without effect by GET, so that mail scanners and previews of links use nothing up. What is wrong with a token is not said. */
export async function keyLinkPlugin(
  app: FastifyInstance,
  { fetch, emit, clock }: { fetch: FetchKey; emit: Emit; clock: Clock },
): Promise<void> {
  const refusals = perMinute(clock);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LONGEST }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    void reply.headers(HEADERS);
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode < 500) return plain(reply, statusCode, 'This request has not the form that it must have.\n');
    emit({ event: 'key-link-failed', ...httpFacts(request), err: error });
    return plain(reply, 503, 'The file cannot be given out at this moment.\n');
  });
  const post = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    void reply.headers(HEADERS);
    const facts = httpFacts(request);
    const fetched = await fetch(tokenIn(request), facts.ip);
    if ('refused' in fetched) {
      const { refused } = fetched;
      refusals((skipped) => emit({ event: 'key-link-refused', ...facts, reason: refused, ...skipped }));
      return REFUSE[refused](reply);
    }
    const { name, file, endpoint, transactionId } = fetched;
    emit({ event: 'key-fetched', ...facts, endpoint, transactionId });
    return reply
      .header('content-type', 'application/x-pkcs12')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(Buffer.from(file));
  };
  app.get('/pfx', (_request, reply) =>
    reply.headers(keyLinkPage.headers).header('content-type', 'text/html').send(keyLinkPage.body),
  );
  app.post('/pfx', post);
  app.options('/pfx', (_request, reply) => allow(reply, 'GET, HEAD, POST, OPTIONS'));
  // Who writes the token into the path does not have it in the log.
  app.all('/pfx/*', (_request, reply) => plain(reply.headers(HEADERS), 404, 'not found'));
}

const REFUSE: Readonly<Record<KeyLinkRefusal, (reply: FastifyReply) => FastifyReply>> = {
  unknown: (reply) =>
    plain(
      reply,
      404,
      'No file waits here: it was fetched, its time is over, or there was none. Ask for another link.\n',
    ),
  'too-many': (reply) =>
    plain(reply.header('retry-after', '60'), 429, 'Too many wrong links. Come again in a minute.\n'),
};

/** Of a form, or the credentials of RFC 6750; empty without any. */
function tokenIn({ headers, body }: FastifyRequest): string {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  return Buffer.isBuffer(body) ? (new URLSearchParams(body.toString('latin1')).get('token')?.trim() ?? '') : '';
}
