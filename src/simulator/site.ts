/** The addresses of the simulated services: one loopback origin, or the public names of a cloud that a hosts file redirects. */

/**
 * Addresses without a slash at the end. `intune` and `aadGraph` are resources that tokens are for. `aadGraph` is the
 * retired Azure AD Graph, which Microsoft's libraries still name.
 */
export type ServiceSite = {
  login: string;
  graph: string;
  intune: string;
  aadGraph: string;
  validation: string;
  connector: string;
};

/** Path of the SCEP service that Graph lists. */
export const VALIDATION_PATH = '/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService';
/** Path of the service with the revocation requests. */
export const CONNECTOR_PATH = '/RACerts/PkiConnectorFEService';

/** A cloud whose public names the simulator can answer to. */
export type SimulatedCloud = 'public' | 'gcc-high' | 'dod' | 'china';

/** Host names of a cloud. `services` stands for the host of a scale unit, which differs from tenant to tenant. */
type CloudHosts = Readonly<Record<'login' | 'graph' | 'aadGraph' | 'intune' | 'services', string>> & {
  aliases: readonly string[];
};

/** 21Vianet publishes no host for the Intune API; the last row assumes one. */
const CLOUDS: Readonly<Record<SimulatedCloud, CloudHosts>> = {
  public: {
    login: 'login.microsoftonline.com',
    aliases: ['login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
    graph: 'graph.microsoft.com',
    aadGraph: 'graph.windows.net',
    intune: 'api.manage.microsoft.com',
    services: 'fef.simulated.manage.microsoft.com',
  },
  'gcc-high': {
    login: 'login.microsoftonline.us',
    aliases: ['login.usgovcloudapi.net'],
    graph: 'graph.microsoft.us',
    aadGraph: 'graph.microsoftazure.us',
    intune: 'api.manage.microsoft.us',
    services: 'fef.simulated.manage.microsoft.us',
  },
  dod: {
    login: 'login.microsoftonline.us',
    aliases: ['login.usgovcloudapi.net'],
    graph: 'dod-graph.microsoft.us',
    aadGraph: 'graph.microsoftazure.us',
    intune: 'api.manage.microsoft.us',
    services: 'fef.simulated.manage.microsoft.us',
  },
  china: {
    login: 'login.partner.microsoftonline.cn',
    aliases: ['login.chinacloudapi.cn'],
    graph: 'microsoftgraph.chinacloudapi.cn',
    aadGraph: 'graph.chinacloudapi.cn',
    intune: 'api.manage.microsoftonline.cn',
    services: 'fef.simulated.manage.microsoftonline.cn',
  },
};

/** The clouds by name. */
export const SIMULATED_CLOUDS = Object.keys(CLOUDS) as readonly SimulatedCloud[];

/** All public names of a cloud: the subject alternative names of the certificate, and the lines of a hosts file. */
export function cloudNames(cloud: SimulatedCloud): readonly string[] {
  const { aliases, ...hosts } = CLOUDS[cloud];
  return [...Object.values(hosts), ...aliases];
}

/** The services on this port of loopback. The resources differ, so that a token for Graph is not accepted by Intune. */
export function siteAt(port: number): ServiceSite {
  const origin = `https://127.0.0.1:${port}`;
  return {
    login: origin,
    graph: origin,
    intune: `${origin}/intune-resource`,
    aadGraph: `https://${CLOUDS.public.aadGraph}`,
    validation: origin + VALIDATION_PATH,
    connector: origin + CONNECTOR_PATH,
  };
}

/** The site of a call: by its Host header that of the cloud, else loopback. A resource never has a port in it. */
export function siteOf(host: string | undefined, port: number, cloud: SimulatedCloud | undefined): ServiceSite {
  const [, name = '', suffix = ''] = /^([^:]*)(:\d+)?$/.exec((host ?? '').toLowerCase()) ?? [];
  if (cloud === undefined || !cloudNames(cloud).includes(name)) return siteAt(port);
  const { login, graph, intune, aadGraph, services } = CLOUDS[cloud];
  return {
    login: `https://${login}${suffix}`,
    graph: `https://${graph}`,
    intune: `https://${intune}`,
    aadGraph: `https://${aadGraph}`,
    validation: `https://${services}${suffix}${VALIDATION_PATH}`,
    connector: `https://${services}${suffix}${CONNECTOR_PATH}`,
  };
}

/** Whether this is a host name, without a port, of a login authority of the site. */
export const isLoginHost = (hostname: string, site: ServiceSite, cloud: SimulatedCloud | undefined): boolean =>
  hostname === new URL(site.login).hostname || (cloud !== undefined && CLOUDS[cloud].aliases.includes(hostname));
