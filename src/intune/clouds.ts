/** The clouds of Intune: login authority, Graph, the Intune API resource, and the hosts that may be sent a token. */
import { ConfigError } from '../core/errors.ts';

/** A cloud that has a name in the configuration. `public` is GCC too. */
export type CloudName = 'public' | 'gcc-high' | 'dod' | 'china';
/** https URLs of the authority, of Microsoft Graph and of the Intune API resource. */
export type CloudUrls = { login: string; graph: string; intune: string };
/** A cloud ready for use: URLs without a slash at the end. */
export type IntuneCloud = CloudUrls & {
  /** Whether a token may be sent to this URL from discovery. */
  trusts(uri: URL): boolean;
};

/** 21Vianet publishes no resource for the Intune API, so its row has none. */
const CLOUDS: Readonly<Record<CloudName, { login: string; graph: string; intune?: string }>> = {
  public: {
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    intune: 'https://api.manage.microsoft.com',
  },
  'gcc-high': {
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    intune: 'https://api.manage.microsoft.us',
  },
  dod: {
    login: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    intune: 'https://api.manage.microsoft.us',
  },
  china: {
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  },
};

/** The domains of Intune's services. A token is sent to no other host, whatever discovery answers. */
const INTUNE_HOSTS = ['.manage.microsoft.com', '.manage.microsoft.us', '.manage.microsoftonline.cn'];

/** The cloud with this name or these URLs. Throws ConfigError when a URL is missing or is not https. */
export function resolveCloud(cloud: CloudName | CloudUrls): IntuneCloud {
  const { login, graph, intune } = typeof cloud === 'string' ? CLOUDS[cloud] : cloud;
  if (intune === undefined)
    throw new ConfigError(
      'cloud: no Intune resource is published for this cloud',
      `Write the cloud out: \`cloud: { login: ${login}, graph: ${graph}, intune: URL }\` with the resource that the operator names.`,
    );
  const urls = { login: baseUrl('login', login), graph: baseUrl('graph', graph), intune: baseUrl('intune', intune) };
  return { ...urls, trusts: trustBy(new URL(urls.intune)) };
}

/** Without the slash at the end, so that paths can be appended. */
function baseUrl(key: keyof CloudUrls, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.username || url.search || url.hash)
    throw new ConfigError(
      `cloud.${key}: not a usable https URL`,
      'Give an https URL without credentials, query or fragment.',
    );
  return url.href.replace(/\/+$/, '');
}

/** Microsoft's resource is served by other hosts of the same domain; any other resource by its own host only. */
function trustBy(intune: URL): IntuneCloud['trusts'] {
  const suffix = INTUNE_HOSTS.find((suffix) => intune.hostname.endsWith(suffix));
  return (uri) =>
    uri.protocol === 'https:' && (uri.host === intune.host || (suffix !== undefined && isBelow(uri, suffix)));
}

/** Microsoft uses port 443 only; another port of a trusted host is another service. */
const isBelow = (uri: URL, suffix: string): boolean => uri.hostname.endsWith(suffix) && uri.port === '';

/** The audience of an assertion that Entra exchanges, by the host of the authority; any other host as the public cloud. */
const EXCHANGE_AUDIENCES: Readonly<Record<string, string>> = {
  'login.microsoftonline.us': 'api://AzureADTokenExchangeUSGov',
  'login.partner.microsoftonline.cn': 'api://AzureADTokenExchangeChina',
};

/** The audience that the assertion of a workload must have, so that Entra exchanges it for a token. */
export const exchangeAudience = ({ login }: Pick<CloudUrls, 'login'>): string =>
  EXCHANGE_AUDIENCES[new URL(login).hostname] ?? 'api://AzureADTokenExchange';
