/** The command of this checkout, run by the Node.js that runs the tests. */
import { fileURLToPath } from 'node:url';
import { output, run, type Running, start, type Surroundings } from './children.ts';

const BIN = fileURLToPath(new URL('../../../bin/openndes.mjs', import.meta.url));

export const openndes = {
  run: (args: readonly string[]) => run(process.execPath, [BIN, ...args]),
  output: (args: readonly string[]) => output(process.execPath, [BIN, ...args]),
  /** `preload` is a module that Node.js loads before the program. */
  start: (
    args: readonly string[],
    { preload = [], ...options }: Surroundings & { ready: RegExp; preload?: readonly string[] },
  ): Promise<Running> =>
    start(process.execPath, [...preload.flatMap((module) => ['--import', module]), BIN, ...args], options),
};
