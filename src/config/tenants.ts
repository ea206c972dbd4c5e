/** `tenants`: the Intune tenants whose devices enrol, as the Intune client takes them. */
import type { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { type CloudName, resolveCloud } from '../intune/clouds.ts';
import { type ValueType, transformed, secret } from './yaml/value-type.ts';
import { choice, either, guid, text, url } from './yaml/value-types.ts';
import { certificateText, type FileContext } from './references.ts';
import { defaulted, mapOf, optional, required, section } from './yaml/table.ts';

const CLOUD_NAMES: Readonly<Record<CloudName, true>> = { public: true, 'gcc-high': true, dod: true, china: true };

const urls = () =>
  section('The services of another cloud.', '{ login: URL, graph: URL, intune: URL }', {
    login: required(url(['https'], 'https://login.microsoftonline.com'), 'Where tokens come from.'),
    graph: required(url(['https'], 'https://graph.microsoft.com'), 'Microsoft Graph.'),
    intune: required(url(['https'], 'https://api.manage.microsoft.com'), 'The resource of the Intune API.'),
  });

function cloud() {
  const value = either(choice(...(Object.keys(CLOUD_NAMES) as CloudName[])), urls(), 'three URLs');
  const schema = transformed(value.schema, (cloud) => {
    try {
      resolveCloud(cloud);
      return cloud;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // The problem names the key already.
      throw new ConfigError(error.message.replace(/^[\w.]+: /, ''), error.remedy);
    }
  });
  return { ...value, schema } satisfies ValueType<typeof schema>;
}

const tenant = (context: FileContext) =>
  section(
    'An Intune tenant.',
    '{ tenant: contoso.onmicrosoft.com, clientId: GUID, clientSecret: "${env:INTUNE_SECRET}" }',
    {
      tenant: required(text('contoso.onmicrosoft.com'), 'The tenant: its GUID or a domain name.'),
      clientId: required(guid, 'The application (client) ID of the app registration.'),
      clientSecret: required(secret(text('"${env:INTUNE_SECRET}"')), 'The client secret of the app registration.'),
      cloud: defaulted(
        cloud(),
        'public',
        'The Microsoft cloud of the tenant. 21Vianet (`china`) publishes no Intune resource, so its URLs must be written out.',
      ),
      trustCa: optional(
        certificateText(context, 'certs/proxy-ca.pem'),
        'CA certificates to trust for these services in addition to the public ones, for a proxy that intercepts TLS.',
        'only public CAs',
      ),
      proxy: optional(
        url(['http', 'https'], 'http://proxy.example.com:3128'),
        'The HTTP proxy through which the services are reached.',
        'none',
      ),
    },
  );

/** One tenant. */
export type TenantConfig = z.output<ReturnType<typeof tenant>>;

/** The section: tenants by the names that policies use. */
export const tenantsSection = (context: FileContext) =>
  mapOf(
    'The Intune tenants whose devices enrol, each under a name for the policies.',
    '{ corp: { tenant: contoso.onmicrosoft.com, clientId: GUID, clientSecret: "${env:INTUNE_SECRET}" } }',
    tenant(context),
  ).prefault({});
