/** How a test talks to Intune without Intune: a tenant on loopback, with the same addresses, tokens and answers. */
import { randomBytes } from 'node:crypto';
import { type Expectation, startSimulator } from 'openndes/simulator';

const simulator = await startSimulator({ clock: () => new Date(), random: (length) => randomBytes(length) });
const device: Expectation = { subject: 'CN=laptop-001', san: ['upn:ada@example.com'] };
console.log(
  JSON.stringify({ cloud: simulator.tenant.cloud, control: simulator.control, challenge: simulator.mint(device) }),
);
await simulator.close();
