/** The clouds in which Intune lives: where to log on, where to look up, which resource to ask for, which hosts to trust. */
import { ConfigError } from '../core/errors.ts';

export type CloudName = 'public' | 'gcc-high' | 'dod' | 'china';
/** https URLs of the authority, of Microsoft Graph and of the Intune API resource. */
export type CloudUrls = { login: string; graph: string; intune: string };
export type Cloud = CloudUrls & {
  /** Whether a URL that discovery named may be sent a token. */
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

/** The service names below which Intune runs. A token leaves for no other host, whatever discovery says. */
const INTUNE_HOSTS = ['.manage.microsoft.com', '.manage.microsoft.us', '.manage.microsoftonline.cn'];

/** The cloud by its name or by its URLs. Throws ConfigError when a URL is missing or is not https. */
export function resolveCloud(cloud: CloudName | CloudUrls): Cloud {
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
      `cloud.${key}: not an https URL that can be used`,
      'Give scheme, host and, if need be, port and path.',
    );
  return url.href.replace(/\/+$/, '');
}

/** Microsoft's resource is served by other hosts of the same service name; any other resource by its own host. */
function trustBy(intune: URL): Cloud['trusts'] {
  const suffix = INTUNE_HOSTS.find((suffix) => intune.hostname.endsWith(suffix));
  return (uri) =>
    uri.protocol === 'https:' && (uri.host === intune.host || (suffix !== undefined && isBelow(uri, suffix)));
}

/** Microsoft serves it on 443; another port of a trusted host is another service. */
const isBelow = (uri: URL, suffix: string): boolean => uri.hostname.endsWith(suffix) && uri.port === '';
