/** The configuration as a whole: every key of openndes.yaml is reached from here. */
import { z } from 'zod';
import { LIMITS } from '../asn1/limits.ts';
import { ConfigError } from '../core/errors.ts';
import { adminSection } from './admin.ts';
import { authoritiesSection } from './authorities.ts';
import { type EndpointConfig, type EndpointReferences, endpointSchema, endpointsSection } from './endpoints.ts';
import { transformed } from './yaml/value-type.ts';
import { choice, duration, either, integer, network, text, url, valueList } from './yaml/value-types.ts';
import { file, type FileContext } from './references.ts';
import { keepSection } from './keep.ts';
import { type ProfileConfig, profileSchema, profilesSection } from './profiles.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { tenantsSection } from './tenants.ts';

const listen = (context: FileContext) =>
  section('Where devices reach the server.', '{ host: 0.0.0.0, port: 8080 }', {
    host: defaulted(text('127.0.0.1'), '0.0.0.0', 'The address to listen on; `0.0.0.0` is all of them.'),
    port: defaulted(integer(0, 65_535, 8080), 8080, 'The TCP port; 0 takes any that is free.'),
    trustProxy: optional(
      valueList(network, '[10.0.0.0/8]'),
      'The proxies whose `X-Forwarded-For` is trusted; also `loopback`, `linklocal`, `uniquelocal`.',
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
      'HTTPS by the server itself. SCEP protects its messages without TLS; a proxy may also terminate TLS.',
      'plain HTTP',
    ),
    workers: defaulted(
      either(choice('auto'), integer(1, 256, 4).schema, 'a whole number from 1 to 256'),
      'auto',
      'Threads that open, decide, sign and record requests, beside the one that answers HTTP; `auto`: one for each core. `1`: everything in one thread.',
    ),
    bodyLimit: defaulted(
      integer(16_384, LIMITS.size, 262_144),
      262_144,
      'The longest message in bytes; a longer one gets 413. Real messages have up to 65 KB.',
    ),
    mostRunning: defaulted(
      integer(1, 100_000, 512),
      512,
      'Requests of one endpoint that are processed at the same time; the next one gets 503 and is to come back later.',
    ),
    drain: defaulted(
      duration('10s'),
      '5s',
      'How long `serve` still answers new requests after SIGTERM, with 503 at `/readyz`: longer than a load balancer takes to notice. Then it accepts none.',
    ),
    grace: defaulted(
      duration('60s'),
      '30s',
      'How long running requests may then take until their connections are closed. Asking and notifying Intune may take up to 25 seconds each.',
    ),
  }).prefault({});

/** Where the store is: its kind before the first colon, and the rest as that kind reads it. */
const store = ({ resolve }: FileContext) => ({
  schema: transformed(z.string(), (value) => {
    if (/^postgres(ql)?:/.test(value))
      throw new ConfigError('PostgreSQL is not supported in this version', 'Use `sqlite:PATH`.');
    const [, path] = /^sqlite:(.+)$/.exec(value) ?? [];
    return path === undefined ? undefined : { kind: 'sqlite' as const, path: resolve(path) };
  }),
  type: '`sqlite:` and the path of a file',
  example: 'sqlite:./data/openndes.db',
  secret: false,
});

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The schemas of entries that refer to each other or are checked together, and so are parsed one by one. */
export type EntrySchemas<P extends z.ZodType, E extends z.ZodType> = { profile: P; endpoint: E };

/** The schema of one file, with the schemas of profiles and endpoints. */
export const configSchema = <P extends z.ZodType, E extends z.ZodType>(
  context: FileContext,
  { profile, endpoint }: EntrySchemas<P, E>,
) =>
  section('The configuration.', 'endpoints: …', {
    publicUrl: optional(
      url(['http', 'https'], 'https://scep.example.com'),
      'The URL under which devices reach the server, without the path of an endpoint. `https` without `listen.tls` means a proxy in front.',
      'derived from `listen`',
    ),
    listen: listen(context),
    admin: adminSection(),
    log: section('The log: JSON lines on standard error.', '{ level: info }', {
      level: defaulted(choice(...LEVELS), 'info', 'The lowest level that is written.'),
    }).prefault({}),
    store: defaulted(
      store(context),
      'sqlite:./data/openndes.db',
      'Where certificates, transactions and the audit log are stored.',
    ),
    keep: keepSection(),
    authorities: authoritiesSection(context),
    profiles: profilesSection(profile),
    tenants: tenantsSection(context),
    endpoints: endpointsSection(endpoint),
  });

/** The same with every key of profiles and endpoints: what the reference page and error texts are made from. */
export const fullSchema = (context: EndpointReferences) =>
  configSchema(context, { profile: profileSchema(), endpoint: endpointSchema(context) });

type EntryResults = typeof configSchema<z.ZodType<ProfileConfig>, z.ZodType<EndpointConfig>>;

/** A configuration ready for use: defaults filled in, references resolved, durations in milliseconds, paths absolute. */
export type Config = z.output<ReturnType<EntryResults>>;
