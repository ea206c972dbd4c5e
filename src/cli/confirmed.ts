/** The confirmation of what cannot be taken back. */
import { promises } from 'node:readline';
import { counted } from './output.ts';
import { EXIT, Exit } from './exit.ts';

/**
 * Returns when `--yes` was given, or when a person types the number at a terminal. Otherwise ends the command with exit 1.
 * `done`: what did not happen then, as in `Nothing was revoked`.
 */
export async function assertConfirmed(
  number: number,
  { yes, done }: { yes: boolean | undefined; done: string },
  err: (line: string) => void,
): Promise<void> {
  if (yes) return;
  if (process.stdin.isTTY && (await typed(number))) return;
  err(`${done}. Give --yes${process.stdin.isTTY ? '' : `, or type ${number} at a terminal`}, to do it.`);
  throw new Exit(EXIT.failed);
}

async function typed(number: number): Promise<boolean> {
  const lines = promises.createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`Type ${number} to do this to all ${counted(number)}: `)).trim() === String(number);
  } finally {
    lines.close();
  }
}
