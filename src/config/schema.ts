/** The configuration as a whole, and the type of what it gives. Every key of openndes.yaml is reached from here. */
import { z } from 'zod';
import { LIMITS } from '../asn1/limits.ts';
import { ConfigError } from '../core/errors.ts';
import { adminSection } from './admin.ts';
import { authoritiesSection } from './authorities.ts';
import { endpointsSection } from './endpoints.ts';
import { transformed } from './yaml/value-type.ts';
import { choice, integer, listOf, network, text, url } from './yaml/value-types.ts';
import { type ConfigContext, file } from './references.ts';
import { profilesSection } from './profiles.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { tenantsSection } from './tenants.ts';

const listen = (context: ConfigContext) =>
  section('Where devices reach the server.', '{ host: 0.0.0.0, port: 8080 }', {
    host: defaulted(text('127.0.0.1'), '0.0.0.0', 'The address to listen on; `0.0.0.0` is all of them.'),
    port: defaulted(integer(0, 65_535, 8080), 8080, 'The TCP port; 0 takes any that is free.'),
    trustProxy: optional(
      listOf(network, '[10.0.0.0/8]'),
      'The proxies whose `X-Forwarded-For` is believed; also `loopback`, `linklocal`, `uniquelocal`.',
      'none',
    ),
    tls: optional(
      {
        schema: section('TLS.', '{ certificate: tls.pem, key: tls.key }', {
          certificate: required(file(context, 'tls.pem'), 'The certificate of the server and those above it, PEM.'),
          key: required(file(context, 'tls.key'), 'Its key, PEM, not encrypted.'),
        }),
        type: 'a mapping of keys',
        example: '{ certificate: tls.pem, key: tls.key }',
        secret: false,
      },
      'HTTPS by the server itself. SCEP protects its messages on its own; a proxy may also do TLS.',
      'plain HTTP',
    ),
    bodyLimit: defaulted(
      integer(16_384, LIMITS.size, LIMITS.size),
      LIMITS.size,
      'Bytes of the longest message that is read; a longer one gets 413.',
    ),
    mostRunning: defaulted(
      integer(1, 100_000, 512),
      512,
      'Requests under way at once; the next one gets 503 and comes back later.',
    ),
  }).prefault({});

/** Where a store is: its kind before the first colon, and the rest as that kind understands it. */
const store = ({ resolve }: ConfigContext) => ({
  schema: transformed(z.string(), (value) => {
    if (/^postgres(ql)?:/.test(value))
      throw new ConfigError('PostgreSQL is not there yet in this version', 'Use `sqlite:PATH`.');
    const [, path] = /^sqlite:(.+)$/.exec(value) ?? [];
    return path === undefined ? undefined : { kind: 'sqlite' as const, path: resolve(path) };
  }),
  type: '`sqlite:` and the path of a file',
  example: 'sqlite:./data/openndes.db',
  secret: false,
});

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The schema of one file. It depends on the file, because endpoints name what the file defines elsewhere. */
export const configSchema = (context: ConfigContext) =>
  section('The configuration.', 'endpoints: …', {
    publicUrl: optional(
      url(['http', 'https'], 'https://scep.example.com'),
      'The URL under which devices reach the server, without the path of an endpoint. `https` without `listen.tls` means a proxy in front.',
      'made of `listen`',
    ),
    listen: listen(context),
    admin: adminSection(),
    log: section('What the server says about itself, as JSON lines on standard error.', '{ level: info }', {
      level: defaulted(choice(...LEVELS), 'info', 'The least important lines that are written.'),
    }).prefault({}),
    store: defaulted(
      store(context),
      'sqlite:./data/openndes.db',
      'Where certificates, transactions and the audit are kept.',
    ),
    authorities: authoritiesSection(context),
    profiles: profilesSection(),
    tenants: tenantsSection(context),
    endpoints: endpointsSection(context),
  });

/** A configuration ready for use: defaults filled in, durations in milliseconds, paths absolute. */
export type Config = z.output<ReturnType<typeof configSchema>>;
export type AuthorityConfig = Config['authorities'][string];
export type TenantConfig = Config['tenants'][string];
export type EndpointConfig = Config['endpoints'][number];
