/** The simulated Intune tenant of a burst, a process of its own. It makes challenges and counts notifications. */
import type { Logger } from '../../../src/core/environment.ts';
import { systemClock, systemRandom } from '../../../src/embed/system.ts';
import { startSimulator } from '../../../src/simulator/simulated-tenant.ts';

/** `count`: successNotifications that were accepted. `thumbprints`: of the certificates in them, each once. */
export type Notified = { count: number; thumbprints: string[] };

/** Message from the parent: subjects, for each of which it gets a challenge. */
type Question = string[] | 'notified' | 'stop';

/** Seconds. Making 20,000 devices takes minutes on a slow machine. */
const VALID = 4 * 3600;

let count = 0;
const ignore = (): void => {};
const logger: Logger = {
  debug: (fields) => {
    const { hop, code } = fields as { hop: string; code: string };
    if (hop === 'successNotification' && code === 'Success') count++;
  },
  info: ignore,
  warn: ignore,
  error: ignore,
};
const simulator = await startSimulator({ clock: systemClock, random: systemRandom, logger });
process.send!({ tenant: simulator.tenant, caPem: simulator.caPem });

process.on('message', (question: Question) => {
  if (question === 'stop') void simulator.close().then(() => process.disconnect());
  else if (question === 'notified')
    process.send!({ count, thumbprints: simulator.issued.list().map(({ thumbprint }) => thumbprint) });
  else process.send!(question.map((subject) => simulator.mint({ subject, validitySeconds: VALID })));
});
process.on('disconnect', () => process.exit());
