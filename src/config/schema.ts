/** The configuration as a whole: every key of openndes.yaml is reached from here. */
import type { z } from 'zod';
import { adminSection } from './admin.ts';
import { auditSection } from './audit-section.ts';
import { authoritiesSection } from './authorities.ts';
import { backupSection } from './backup-section.ts';
import { fipsSection } from './fips.ts';
import { type EndpointConfig, type EndpointReferences, endpointSchema, endpointsSection } from './endpoints.ts';
import { choice, url } from './yaml/value-types.ts';
import { listenSection } from './listen.ts';
import type { FileContext } from './references.ts';
import { keepSection } from './keep.ts';
import { pfxSection } from './pfx-section.ts';
import { metricsSection } from './metrics-section.ts';
import { messagesSection } from './messages-section.ts';
import { type ProfileConfig, profileSchema, profilesSection } from './profiles.ts';
import { store } from './store-section.ts';
import { defaulted, optional, section } from './yaml/table.ts';
import { tenantsSection } from './tenants.ts';
import { traceSection } from './trace-section.ts';

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
    metrics: metricsSection(),
    admin: adminSection(context),
    fips: fipsSection(),
    log: section('The log: JSON lines on standard error.', '{ level: info }', {
      level: defaulted(choice(...LEVELS), 'info', 'The lowest level that is written.'),
    }).prefault({}),
    store: defaulted(
      store(context),
      'sqlite:./data/openndes.db',
      'Where certificates, transactions and the audit log are stored.',
    ),
    keep: keepSection(),
    backup: backupSection(),
    trace: traceSection(),
    audit: auditSection(context),
    messages: messagesSection(context),
    pfx: pfxSection(context),
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
