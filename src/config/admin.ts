/** `admin`: the listener for administrators, and who they are. */
import { z } from 'zod';
import { parsePasswordHash } from '../admin/password-hash.ts';
import { ConfigError } from '../core/errors.ts';
import { transformed, secret } from './yaml/value-type.ts';
import { integer, text } from './yaml/value-types.ts';
import { defaulted, element, named, optional, section } from './yaml/table.ts';

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
    throw new ConfigError('not a hash of a password', 'Make one: `openndes hash-password` asks for the password.');
  }),
  type: 'a hash from `openndes hash-password`',
  example: '"${file:ndes.hash}"',
  secret: true,
});

/** The section; without it there is no such listener. */
export const adminSection = () =>
  optional(
    {
      schema: section('Where administrators reach the server.', '{ users: { ndes: "${file:ndes.hash}" } }', {
        host: defaulted(
          text('127.0.0.1'),
          '127.0.0.1',
          'The address to listen on. Elsewhere than on loopback put TLS in front: passwords and the token are sent as they are.',
        ),
        port: defaulted(integer(0, 65_535, 8081), 8081, 'The TCP port; 0 takes any that is free.'),
        token: optional(token, 'Opens the JSON API to programs that send it as a bearer token.', 'no API'),
        users: named(
          'Who may use the administrator page of NDES, by name.',
          '{ ndes: "${file:ndes.hash}" }',
          element(passwordHash),
        ).prefault({}),
      }),
      type: 'a mapping of keys',
      example: '{ users: { ndes: "${file:ndes.hash}" } }',
      secret: false,
    },
    'The listener for administrators, which is never the public one: the page of NDES for each endpoint with one-time passwords, and a JSON API.',
    'no such listener',
  );
