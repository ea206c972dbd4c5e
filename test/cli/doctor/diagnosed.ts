/** An installation with a simulated tenant of the public cloud, whose public names a forward proxy leads to the simulator. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock, systemRandom } from '../../../src/embed/system.ts';
import { startSimulator } from '../../../src/simulator/simulated-tenant.ts';
import { installed, type Said } from '../../app/installation.ts';
import { forwardProxy } from './spoiling-proxy.ts';

/** What `doctor --json` says of one thing. */
export type Found = {
  id: string;
  verdict: string;
  title: string;
  text: string;
  remedy?: string;
  cause?: string;
  details: string[];
};
/** What `doctor --json` prints. */
export type Diagnosis = {
  verdict: string;
  findings: Found[];
  plan: { id: string; cause?: string; text: string; remedy: string }[];
};

export const read = ({ out }: Said): Diagnosis => JSON.parse(out) as Diagnosis;

/** The finding with this id. */
export const finding = ({ findings }: Diagnosis, id: string): Found => {
  const found = findings.find((each) => each.id === id);
  if (!found) throw new Error(`no ${id} in ${findings.map((each) => each.id).join(', ')}`);
  return found;
};

type TenantOptions = { trusted?: boolean; proxyStatus?: number; secret?: string };

/** `doctor`: the command with `--json`. The configuration has the tenant `corp`, and an endpoint that asks it. */
export async function withPublicTenant(t: TestContext, options: TenantOptions = {}) {
  const { trusted = true, proxyStatus = 200, secret } = options;
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom, publicNames: 'public' });
  t.after(() => simulator.close());
  const { tenant, clientId, clientSecret, cloud } = simulator.tenant;
  const proxy = await forwardProxy(t, Number(new URL(cloud.login).port), proxyStatus);
  const corp = {
    tenant,
    clientId,
    clientSecret: secret ?? clientSecret,
    proxy,
    ...(trusted && { trustCa: 'sim.pem' }),
  };
  const { folder, config, cli, started } = await installed(t, (text) =>
    text
      .replace(/^ +policy: \{ static.*$/m, '    policy: { intune: corp }')
      .concat(`tenants: ${JSON.stringify({ corp })}\n`),
  );
  writeFileSync(join(folder, 'sim.pem'), simulator.caPem);
  return { folder, config, simulator, started, cli, doctor: (...args: string[]) => cli('doctor', '--json', ...args) };
}
