/** Starts the emulator of a cloud, which ends with the tests. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { until } from '../kit/until.ts';

/** `ready`: what is asked until anything answers. */
export type Emulator = {
  program: string;
  args?: string[];
  env: Record<string, string>;
  ready: string;
  install: string;
};

/** Throws when it is not installed. */
export async function emulator({ program, args = [], env, ready, install }: Emulator): Promise<void> {
  if (!existsSync(program)) throw new Error(`${program} is not installed. Run: ${install}`);
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' });
  after(() => child.kill('SIGKILL'));
  const answers = (): Promise<boolean> =>
    fetch(ready).then(
      () => true,
      () => false,
    );
  await until(answers, `an answer of ${program}`);
}
