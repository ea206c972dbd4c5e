/** The configuration as a whole: every key of openndes.yaml is reached from here. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { adminSection } from './admin.ts';
import { authoritiesSection } from './authorities.ts';
import { type EndpointConfig, type EndpointReferences, endpointSchema, endpointsSection } from './endpoints.ts';
import { transformed } from './yaml/value-type.ts';
import { choice, url } from './yaml/value-types.ts';
import { listenSection } from './listen.ts';
import type { FileContext } from './references.ts';
import { keepSection } from './keep.ts';
import { type ProfileConfig, profileSchema, profilesSection } from './profiles.ts';
import { defaulted, optional, section } from './yaml/table.ts';
import { tenantsSection } from './tenants.ts';

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
    listen: listenSection(context),
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
