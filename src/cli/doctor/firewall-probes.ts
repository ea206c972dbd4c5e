/** Which outbound connections a firewall must allow. Nothing is sent: the other probes show what is blocked. */
import { policiesIn } from '../../config/policies.ts';
import type { Config } from '../../config/schema.ts';
import { resolveCloud } from '../../intune/clouds.ts';
import { pass, type DoctorProbe } from './doctor-probe.ts';

/** From 2 December 2025 (Intune notices): an Azure firewall knows these addresses by this service tag. */
const FRONT_DOOR =
  'AzureFrontDoor.MicrosoftSecurity, TCP 443: the service tag of Intune since December 2025, for firewalls that filter by address';

/** One row with the list; none when nothing is called. */
export function firewallProbes(config: Config): DoctorProbe[] {
  const lines = [...new Set([...tenantLines(config), ...webhookLines(config)])];
  if (lines.length === 0) return [];
  return [
    {
      id: 'firewall',
      group: 'firewall',
      title: 'outbound connections',
      run: () => pass('This machine must be able to connect to:', lines),
    },
  ];
}

function tenantLines({ tenants }: Config): string[] {
  return Object.values(tenants).flatMap(({ cloud, proxy, managedIdentity }) => {
    const { login, graph, intune } = resolveCloud(cloud);
    const isMicrosoft = typeof cloud === 'string';
    const domain = new URL(intune).hostname.replace(/^[^.]+/, '*');
    return [
      ...(proxy === undefined ? [] : [`${new URL(proxy).host}: the proxy, which must reach what follows`]),
      ...(managedIdentity ? [] : [`${placeOf(login)}: tokens (Entra ID)`]),
      `${placeOf(graph)}: discovery (Microsoft Graph)`,
      isMicrosoft
        ? `${domain}, TCP 443: Intune; the host that Graph names differs from tenant to tenant`
        : placeOf(intune),
      ...(isMicrosoft ? [FRONT_DOOR] : []),
    ];
  });
}

const webhookLines = ({ endpoints }: Config): string[] =>
  endpoints
    .flatMap(({ policy }) => policiesIn(policy))
    .flatMap(({ policy }) => (policy.kind === 'webhook' ? [`${placeOf(policy.url)}: webhook`] : []));

function placeOf(text: string): string {
  const { hostname, port, protocol } = new URL(text);
  return `${hostname}, TCP ${port || (protocol === 'http:' ? 80 : 443)}`;
}
