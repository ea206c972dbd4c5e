/** `tenants`: the Intune tenants whose devices enrol, as the Intune client takes them. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { type CloudName, resolveCloud } from '../intune/clouds.ts';
import { assertTenant } from '../intune/tenant-settings.ts';
import { assertIdentity } from '../intune/platform-identity.ts';
import { type ValueType, transformed, secret, valueType } from './yaml/value-type.ts';
import { choice, duration, either, guid, integer, text, url } from './yaml/value-types.ts';
import { certificateText, file, type FileContext, keyUri } from './references.ts';
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

const subsection = <T extends z.ZodType>(schema: T, example: string): ValueType<T> => ({
  schema,
  type: 'a mapping of keys',
  example,
  secret: false,
});

const federated = (context: FileContext) =>
  subsection(
    section('The assertion of a workload identity.', '{ file: PATH }', {
      file: required(
        file(context, '/var/run/secrets/azure/tokens/azure-identity-token'),
        'The file with the assertion (JWT), which Kubernetes, GitHub or SPIFFE writes and renews. Read again for each token.',
      ),
    }),
    '{ file: /var/run/secrets/azure/tokens/azure-identity-token }',
  );

const managedIdentity = (context: FileContext) =>
  subsection(
    section('The managed identity of this machine.', '{ from: imds }', {
      from: required(
        choice('imds', 'app-service', 'arc'),
        'Where its tokens come from: a virtual machine of Azure, App Service (also Functions, Container Apps), or Azure Arc.',
      ),
      endpoint: optional(
        url(['http', 'https'], '"${env:IDENTITY_ENDPOINT}"'),
        'The address that gives tokens. App Service has no fixed one. Never asked through `proxy`.',
        'that of the platform',
      ),
      header: optional(
        secret(text('"${env:IDENTITY_HEADER}"')),
        'The value of `IDENTITY_HEADER`, which App Service wants.',
        'none',
      ),
      challenges: optional(
        file(context, '/var/opt/azcmagent/tokens'),
        'The folder of the challenge files of Azure Arc. No other file is read when the agent names one.',
        '/var/opt/azcmagent/tokens',
      ),
    }),
    '{ from: imds }',
  );

const certificate = (context: FileContext) =>
  subsection(
    section('The certificate of the app registration.', '{ file: certs/app.pem, key: file:certs/app.key.pem }', {
      file: required(
        file(context, 'certs/app.pem'),
        'The certificate that is uploaded to the app registration, and those above it, PEM. Read again for each token.',
      ),
      key: required(keyUri(context, '"file:certs/app.key.pem"'), 'Its RSA key, PEM. Read again for each token.'),
      passphrase: optional(secret(text('"${env:APP_KEY_PASSPHRASE}"')), 'The passphrase of the key.', 'not encrypted'),
    }),
    '{ file: certs/app.pem, key: file:certs/app.key.pem }',
  );

const directory = subsection(
  section('Revocation by the directory of the tenant.', '{ every: 4h, limit: 2 }', {
    every: defaulted(
      duration('4h'),
      '4h',
      'How often devices and users are listed. What is gone counts after two complete listings.',
    ),
    limit: defaulted(
      integer(0, 100, 2),
      2,
      'Percent of the valid certificates that it revokes by itself within 24 hours. More wait for `openndes directory approve`. 100: no bound.',
    ),
  }),
  '{ every: 4h }',
);

const date = valueType(
  transformed(z.string(), (written) => {
    const time = /^\d{4}-\d\d-\d\d/.test(written) ? new Date(written) : undefined;
    return time && !Number.isNaN(time.getTime()) ? time : undefined;
  }),
  'a date such as 2027-01-31',
  '2027-01-31',
);

const tenant = (context: FileContext) => {
  const keys = tenantKeys(context);
  return transformed(keys, (tenant) => {
    assertTenant(tenant);
    if (tenant.managedIdentity) assertIdentity({ ...tenant.managedIdentity, readChallenge: () => '' }, tenant.clientId);
    else if (tenant.clientId === undefined)
      throw new ConfigError(
        'has no `clientId`',
        'Give the application (client) ID of the app registration; only a system-assigned managed identity has none.',
      );
    return tenant;
  });
};

const tenantKeys = (context: FileContext) =>
  section(
    'An Intune tenant. It has exactly one of `federated`, `managedIdentity`, `certificate` and `clientSecret`.',
    '{ tenant: contoso.onmicrosoft.com, clientId: GUID, federated: { file: PATH } }',
    {
      tenant: required(text('contoso.onmicrosoft.com'), 'The tenant: its GUID or a domain name.'),
      clientId: optional(
        guid,
        'The application (client) ID of the app registration; for `managedIdentity`, the client ID of a user-assigned one.',
        'a system-assigned managed identity',
      ),
      federated: optional(
        federated(context),
        'No secret: the assertion of a workload identity from a file. Its `aud` must be api://AzureADTokenExchange, or the form of the cloud.',
        'none',
      ),
      managedIdentity: optional(
        managedIdentity(context),
        'No secret: the managed identity of this machine has the permissions itself.',
        'none',
      ),
      certificate: optional(certificate(context), 'A certificate of the app registration, with its key.', 'none'),
      clientSecret: optional(
        secret(text('"${file:intune.secret}"')),
        'The client secret of the app registration, where nothing better is possible. Many tenants forbid secrets.',
        'none',
      ),
      expires: optional(
        date,
        'When the client secret ends, to be warned; needed only where Graph does not tell.',
        'as Graph has it',
      ),
      cloud: defaulted(
        cloud(),
        'public',
        'The Microsoft cloud of the tenant. 21Vianet (`china`) publishes no Intune resource, so its URLs must be written out.',
      ),
      revocation: defaulted(
        choice('off', 'on', 'sole'),
        'off',
        'Whether this server asks Intune every hour which certificates to revoke, for example of wiped devices, and revokes them. `on`: requests about certificates of other issuers are left alone. `sole`: no other program issues certificates for this tenant, so that Intune is told that those cannot be found.',
      ),
      trustCa: optional(
        certificateText(context, 'certs/proxy-ca.pem'),
        'CA certificates to trust for these services in addition to the public ones, for a proxy that intercepts TLS.',
        'only public CAs',
      ),
      proxy: optional(
        secret(url(['http', 'https'], '"http://user:${env:PROXY_PASSWORD}@proxy.example.com:3128"')),
        'The HTTP proxy through which the services are reached, with user and password if it needs them.',
        'none',
      ),
      directory: optional(
        directory,
        'Certificates of devices and users that are gone from Intune or Entra are revoked. Needs three more roles: see docs/intune.md.',
        'nothing is revoked by itself',
      ),
    },
  );

/** One tenant. */
export type TenantConfig = z.output<ReturnType<typeof tenant>>;

/** The section: tenants by the names that policies use. */
export const tenantsSection = (context: FileContext) =>
  mapOf(
    'The Intune tenants whose devices enrol, each under a name for the policies.',
    '{ corp: { tenant: contoso.onmicrosoft.com, clientId: GUID, federated: { file: PATH } } }',
    tenant(context),
  ).prefault({});
