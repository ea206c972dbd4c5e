/** `admin`: the listener for administrators, and its users. */
import { z } from 'zod';
import { parsePasswordHash } from '../admin/password-hash.ts';
import { ConfigError } from '../core/errors.ts';
import { transformed, secret } from './yaml/value-type.ts';
import { integer, network, text, valueList } from './yaml/value-types.ts';
import { defaulted, item, mapOf, optional, section } from './yaml/table.ts';

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

const passwordHash = secret({
  schema: transformed(z.string(), (text) => {
    const hash = parsePasswordHash(text);
    if (hash) return hash;
    throw new ConfigError('not a hash of a password', 'Create one: `openndes hash-password` asks for the password.');
  }),
  type: 'a hash from `openndes hash-password`',
  example: '"${file:ndes.hash}"',
  secret: true,
});

/** The section. Without it there is no listener for administrators. */
export const adminSection = () =>
  optional(
    {
      schema: section('Where administrators reach the server.', '{ users: { ndes: "${file:ndes.hash}" } }', {
        host: defaulted(
          text('127.0.0.1'),
          '127.0.0.1',
          'The address to listen on. Put a TLS proxy in front of any address but loopback: the listener itself is plain HTTP, and passwords and the token could be read in transit.',
        ),
        port: defaulted(integer(0, 65_535, 8081), 8081, 'The TCP port; 0 takes any that is free.'),
        trustProxy: optional(
          valueList(network, '[loopback]'),
          'The proxies in front of this listener whose `X-Forwarded-For` is trusted, as in `listen.trustProxy`.',
          'none',
        ),
        token: optional(token, 'Enables the JSON API for programs that send this as a bearer token.', 'no API'),
        users: mapOf(
          'The users of the administrator page of NDES, by name.',
          '{ ndes: "${file:ndes.hash}" }',
          item(passwordHash),
        ).prefault({}),
      }),
      type: 'a mapping of keys',
      example: '{ users: { ndes: "${file:ndes.hash}" } }',
      secret: false,
    },
    'The listener for administrators, separate from the public one: the page of NDES for each endpoint with one-time passwords, and a JSON API.',
    'no such listener',
  );
