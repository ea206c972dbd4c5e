/** The three ports of a simulator: the services over HTTPS, the managed identity endpoints, and the control API. */
import type { Logger, RandomBytes } from '../core/environment.ts';
import { controlApp } from './control.ts';
import { controlRoutes } from './control-routes.ts';
import { arcChallenges } from './identity/arc-challenges.ts';
import { type IdentityEndpoints, identityEndpoints, identityRoutes } from './identity/identity-routes.ts';
import type { Listeners, OpenListener, TlsChoice } from './listener.ts';
import { serviceRoutes } from './routes.ts';
import { cloudNames, siteAt, type SimulatedCloud, siteOf } from './site.ts';
import type { TenantParts } from './tenant-parts.ts';
import { newAuthority, serverCredential } from './throwaway-ca.ts';
import { type CallServices, identityApp, wireApp } from './wire.ts';

/** The options that concern ports, as in SimulatorOptions. */
export type PortOptions = {
  port?: number;
  controlPort?: number;
  identityPort?: number;
  arcTokens?: string;
  publicNames?: SimulatedCloud;
  logger?: Logger;
  random: RandomBytes;
};

/** The numbers of the ports, and the addresses of the managed identity endpoints. */
export type OpenPorts = { services: number; control: number; identity: IdentityEndpoints };

/** Opens them. Throws what `listen` throws when a port is in use; those that are open are closed then. */
export async function openPorts(parts: TenantParts, options: PortOptions, listeners: Listeners): Promise<OpenPorts> {
  const services = await openServices(parts, options, listeners);
  parts.outages.add('services', services);
  const machine = await openIdentity(parts, { ...options, services: services.port }, listeners);
  parts.outages.add('machine', machine);
  const identity = identityEndpoints(machine.port, parts.state.app.identity.header);
  const control = controlApp(controlRoutes({ ...parts, identity }), parts.state.tenant);
  const { port } = await listeners.open(control, options.controlPort ?? 0);
  return { services: services.port, control: port, identity };
}

async function openServices(parts: TenantParts, options: PortOptions, listeners: Listeners): Promise<OpenListener> {
  const { publicNames: cloud, port = 0 } = options;
  const tls = await certificates(parts, options);
  const siteOfCall: CallServices['siteOf'] = (host, at) => siteOf(host, at, cloud);
  const app = wireApp(tls.own, serviceRoutes({ ...parts, cloud }), callServices(parts, options, siteOfCall));
  return listeners.open(app, port, tls);
}

async function certificates({ state, clock }: TenantParts, { publicNames, random }: PortOptions): Promise<TlsChoice> {
  const names = publicNames && cloudNames(publicNames);
  return {
    own: await serverCredential(state.authority, clock.now(), random, names),
    foreign: await serverCredential(await newAuthority(clock.now(), random), clock.now(), random),
  };
}

/** `services` is the port of the services: tokens are for their addresses. */
function openIdentity(
  parts: TenantParts,
  { services, ...options }: PortOptions & { services: number },
  listeners: Listeners,
): Promise<OpenListener> {
  const { publicNames, arcTokens, identityPort = 0, random } = options;
  const site = siteAt(services);
  const arc = arcTokens === undefined ? undefined : arcChallenges(arcTokens, random);
  const sites = [site, ...(publicNames ? [siteOf(cloudNames(publicNames)[0], services, publicNames)] : [])];
  const routes = identityRoutes({ state: parts.state, tokens: parts.tokens, sites, arc });
  return listeners.open(
    identityApp(
      routes,
      callServices(parts, options, () => site),
    ),
    identityPort,
  );
}

const callServices = (
  { faults, calls, clock }: TenantParts,
  { logger }: PortOptions,
  site: CallServices['siteOf'],
): CallServices => ({ faults, calls, clock: clock.now, logger, siteOf: site });
