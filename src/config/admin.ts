/** `admin`: the listener for administrators, and its users. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { adminTls, session, tokens, users } from './admin-access.ts';
import { oidc } from './admin-oidc.ts';
import type { FileContext } from './references.ts';
import { transformed, secret } from './yaml/value-type.ts';
import { flag, integer, network, text, url, valueList } from './yaml/value-types.ts';
import { defaulted, optional, section } from './yaml/table.ts';

const SHORTEST_TOKEN = 16;

const token = secret({
  schema: transformed(z.string(), (token) => {
    if (token.length >= SHORTEST_TOKEN && !/\s/.test(token)) return token;
    throw new ConfigError(
      `a token of fewer than ${SHORTEST_TOKEN} characters, or one with spaces`,
      'Give a long random one, for example from `openssl rand -hex 24`.',
    );
  }),
  type: 'text',
  example: '"${env:OPENNDES_ADMIN_TOKEN}"',
  secret: true,
});

/** The history, and the answers that are kept for a caller, know a program by its name alone. */
function withNames<T extends { token?: string; tokens: object }>(admin: T): T {
  if (admin.token === undefined || !Object.hasOwn(admin.tokens, 'token')) return admin;
  throw new ConfigError(
    '`tokens.token` beside `token`: both programs would have the name `token`',
    'Give the one in `tokens` another name.',
  );
}

/** The provider sends browsers back to a URL that it knows. */
function withUrl<T extends { oidc?: unknown; publicUrl?: string }>(admin: T): T {
  if (!admin.oidc || admin.publicUrl !== undefined) return admin;
  throw new ConfigError(
    '`oidc` without `publicUrl`',
    'Give `publicUrl`, such as `https://scep-admin.example.com`, and register it with `/admin/login/oidc/callback` as redirect URI at the provider.',
  );
}

/** The section. Without it there is no listener for administrators. */
export const adminSection = (context: FileContext) =>
  optional(
    {
      schema: transformed(
        section('Where administrators reach the server.', '{ users: { ndes: "${file:ndes.hash}" } }', {
          host: defaulted(
            text('127.0.0.1'),
            '127.0.0.1',
            'The address to listen on. Put a TLS proxy in front of any address but loopback: without `tls` the listener is plain HTTP, passwords and the token could be read in transit, and nobody can log in.',
          ),
          port: defaulted(integer(0, 65_535, 8081), 8081, 'The TCP port; 0 takes any that is free.'),
          trustProxy: optional(
            valueList(network, '[loopback]'),
            'The proxies in front of this listener whose `X-Forwarded-For` is trusted, as in `listen.trustProxy`.',
            'none',
          ),
          tls: adminTls(context),
          publicUrl: optional(
            url(['http', 'https'], 'https://scep-admin.example.com'),
            'The URL under which browsers reach this listener. `https` without `tls` means a TLS proxy in front: `trustProxy` must name it, unless it is on this machine.',
            'derived from `host` and `port`',
          ),
          token: optional(
            token,
            'A token of the role `admin` with the name `token`, as it is sent. Tokens with other roles are in `tokens`.',
            'none',
          ),
          tokens: tokens(),
          users: users(),
          session: session(),
          twoPersons: defaulted(
            flag,
            false,
            'What harms most waits until another person confirms it: revocations of more than 100 certificates, rollovers, copies of keys. docs/access.md has the list.',
          ),
          oidc: oidc(context),
        }),
        (admin) => withNames(withUrl(admin)),
      ),
      type: 'a mapping of keys',
      example: '{ users: { ndes: "${file:ndes.hash}" } }',
      secret: false,
    },
    'The listener for administrators, separate from the public one: the page of NDES for each endpoint with one-time passwords, and a JSON API.',
    'no such listener',
  );
