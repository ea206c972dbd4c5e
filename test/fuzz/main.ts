/**
 * `npm run fuzz -- [--inputs N] [--seed S] [--seconds T]`: changed messages for as long as one likes, and a report. Each
 * run draws a new seed and prints it first; `--seed` makes the same changes again, to messages with new keys and padding:
 * what is found is therefore printed whole.
 */
import { randomInt } from 'node:crypto';
import { inspect, parseArgs } from 'node:util';
import { fuzz, type FuzzReport } from './run.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    seconds: { type: 'string', default: 'Infinity' },
  },
});

/** An input may take this much CPU before it is said, and this much before it is a fault. Milliseconds. */
const SLOW = 250;
const TOO_SLOW = 5000;

const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
  console.error(`--seed ${values.seed}: expected an integer from 0 to 4294967295, as an earlier run printed it.`);
  process.exit(2);
}
console.log(`seed ${seed}: --inputs ${values.inputs} --seed ${seed} repeats this run`);

const report = await fuzz({
  seed,
  inputs: Number(values.inputs),
  milliseconds: Number(values.seconds) * 1000,
});
print(report);
if (report.findings.length > 0 || report.slowest.milliseconds > TOO_SLOW) process.exitCode = 1;

function print({ inputs, outcomes, findings, slowest, elapsed, memory }: FuzzReport): void {
  const megabytes = (octets: number) => `${(octets / 2 ** 20).toFixed(0)} MB`;
  const sorted = Object.entries(outcomes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [outcome, count] of sorted) console.log(`${String(count).padStart(9)}  ${outcome}`);
  console.log(`${inputs} inputs in ${(elapsed / 1000).toFixed(1)} s, ${Math.round(inputs / (elapsed / 1000))}/s`);
  console.log(
    `slowest: ${slowest.milliseconds.toFixed(1)} ms of CPU, input ${slowest.index} (${slowest.layer})${slowest.milliseconds > SLOW ? ': SLOW' : ''}`,
  );
  console.log(`memory: ${megabytes(memory.early)} early, ${megabytes(memory.highest)} at most`);
  for (const { index, layer, error, message } of findings.slice(0, 10))
    console.log(`\nFOUND at input ${index} (${layer}): ${inspect(error)}\n${message}`);
}
