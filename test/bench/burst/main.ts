/**
 * `npm run bench -- burst`: many devices arrive at three times the rate that the servers can answer, and come again as real clients
 * do. Exit code 1 when in the end a device, the store and Intune do not agree on one certificate for each.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runBurst } from './burst.ts';
import { COMPRESSION } from './clients.ts';
import type { BurstPlan } from './measured.ts';
import { holds } from './proof.ts';
import { reportOf } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    devices: { type: 'string', default: '20000' },
    times: { type: 'string', default: '3' },
    store: { type: 'string', default: 'sqlite,postgres' },
    replicas: { type: 'string', default: '2' },
    'answer-within': { type: 'string', default: '10' },
  },
});

const plans = values.store.split(',').map((store): BurstPlan => {
  if (store !== 'sqlite' && store !== 'postgres') throw new TypeError(`--store ${store}: sqlite, postgres, or both`);
  return {
    devices: Number(values.devices),
    times: Number(values.times),
    store,
    replicas: store === 'sqlite' ? 1 : Number(values.replicas),
    answerWithin: Number(values['answer-within']),
  };
});

console.log(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}: devices, simulated Intune, servers and database share these cores.`,
);
console.log(`Clients wait a ${COMPRESSION}th of the time that they would wait.`);
for (const plan of plans) {
  const result = await runBurst(plan, (text) => console.error(`  … ${text}`));
  console.log(`\n${reportOf(result)}`);
  if (!holds(result.proof)) process.exitCode = 1;
}
