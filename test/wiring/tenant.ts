/** The simulated Intune tenant: its section of the configuration, and devices with its challenges. */
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { type Answer, enrolled, newSubject } from './device.ts';
import { atEnd, clock, file, FOLDER, random } from './files.ts';

/** `section`: as under `tenants:`. */
export type Tenant = {
  simulator: Simulator;
  section: Simulator['tenant'] & { trustCa: string };
  /** PKCSReq with a challenge that the tenant made for it. */
  enrolled(url: string): Promise<Answer>;
};

async function startTenant(name: string): Promise<Tenant> {
  const simulator = await startSimulator({ clock, random, arcTokens: join(FOLDER, `arc-${name}`) });
  atEnd(() => simulator.close());
  return {
    simulator,
    section: { ...simulator.tenant, trustCa: file(`tenant-${name}.pem`, simulator.caPem) },
    async enrolled(url) {
      const subject = newSubject();
      return enrolled(url, { subject, challenge: simulator.mint({ subject }) });
    },
  };
}

const running = new Map<string, Promise<Tenant>>();
/** The tenant of this name, which ends with the tests of this process. Who sets faults takes one of their own. */
export function tenantNamed(name: string): Promise<Tenant> {
  const tenant = running.get(name) ?? startTenant(name);
  running.set(name, tenant);
  return tenant;
}
