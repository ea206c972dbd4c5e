/** A program that revokes what AD CS has issued, for the wiring: it writes down what it was given, and when it is done. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../kit/until.ts';
import { file, FOLDER } from './files.ts';

const PROGRAM = `
import { appendFileSync, readFileSync } from 'node:fs';
const { operation, parameters = {}, ca = 'no CA' } = JSON.parse(readFileSync(0, 'utf8'));
const [name] = process.argv.slice(2);
const { GOT, TOKEN } = process.env;
const write = (what) => appendFileSync(GOT, JSON.stringify({ name, operation, pid: process.pid, ...what }) + '\\n');
write({ token: TOKEN, ca, template: parameters.template ?? 'no template' });
await new Promise((go) => setTimeout(go, operation === 'revoke' ? Number(parameters.pause ?? 0) : 0));
write({ done: true });
process.stdout.write(JSON.stringify({ version: 1, status: 'done' }));
`;

const path = file('program-revoker.mjs', PROGRAM);
const got = join(FOLDER, 'program-revoker.got');

/** The section `revoker` with this program. */
export const revokerSection = (name: string, different: object = {}, token = 'a token') => ({
  program: process.execPath,
  arguments: [path, name],
  environment: { GOT: got, TOKEN: token },
  ...different,
});

type Line = {
  name: string;
  operation: string;
  pid: number;
  token?: string;
  ca?: string;
  template?: string;
  done?: true;
};

const lines = (name: string): Line[] =>
  (existsSync(got) ? readFileSync(got, 'utf8').trimEnd().split('\n') : [])
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.name === name);

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

/** What the program of this name was given with its first revocation, and whether it came to its end. Waits until it is gone. */
export async function revocationAt(name: string): Promise<unknown[]> {
  const first = () => lines(name).find(({ operation }) => operation === 'revoke');
  await until(() => first() !== undefined, `the revocation by ${name}`);
  const { pid, token, ca, template } = first()!;
  await until(() => isGone(pid), `the end of ${name}`);
  return [token, ca, template, lines(name).some((line) => line.pid === pid && line.done)];
}

/** Which operations the program of this name was asked for. */
export const askedOf = (name: string): string[] =>
  [...new Set(lines(name).map(({ operation }) => operation))].toSorted();
