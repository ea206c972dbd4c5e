/** The floor in a process of its own, so that measuring it does not load the server. It answers with microseconds. */
import type { KeyChoice } from '../../src/keys/software.ts';
import { benchAuthority } from './authority.ts';
import { microsecondsOf } from './measure.ts';
import { floorOf } from './step.ts';

const RUNS = 100;

const { ca, ra } = await benchAuthority(process.argv[2] as KeyChoice);
const floor = floorOf(ca.key, ra.key);

async function answer(): Promise<void> {
  process.send!(await microsecondsOf(RUNS, () => floor()));
}

process.on('message', (question: 'floor' | 'stop') => {
  if (question === 'stop') process.disconnect();
  else void answer();
});
await microsecondsOf(10 * RUNS, () => floor());
process.send!('ready');
