/** An installation that makes keys for people of a simulated tenant, with the endpoint `people`. */
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { rsaKey } from '../kit/keys.ts';
import { connectorPem, pinned } from '../pfx/connector-forms.ts';
import { installed } from './installation.ts';

/** The users of the tenant. */
export const [JANE, JOE] = ['jane@contoso.example', 'joe@contoso.example'] as const;

/** `people`: more keys of the section `pfx`, with a comma before them. `more`: other sections. */
export async function withTenant(t: TestContext, people = '', more = '') {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  const roles = ['User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'];
  simulator.app.setRoles({ graph: ['Application.Read.All', ...roles] });
  simulator.directory.addUsers({ users: [JANE, JOE].map((name) => ({ userPrincipalName: name, mail: name })) });
  const fields = Object.entries(simulator.tenant).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const connector = createPublicKey(rsaKey('connector').privateKey);
  const { pin } = pinned(connector);
  const { folder, config, cli } = await installed(t, (text) =>
    text
      .replace(/^( +)policy: \{ static.*$/m, '$1name: people\n$&')
      .concat(
        `tenants: { corp: { ${fields.join(', ')}, trustCa: sim.pem } }\n`,
        `pfx: { subject: "CN={{UserPrincipalName}}", altNames: ["email:{{EmailAddress}}"], key: p256, connector: { publicKey: connector.pem, sha256: "${pin}", keyName: PFXKey }${people} }\n${more}`,
      ),
  );
  writeFileSync(join(folder, 'sim.pem'), simulator.caPem);
  writeFileSync(join(folder, 'connector.pem'), connectorPem(connector));
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  t.after(() => store.close());
  return { simulator, folder, config, cli, store };
}
