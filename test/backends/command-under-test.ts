/** Programs of a test, run for real: each is Node.js with a script of a few lines, whose `order` is what it was asked. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { runCommand } from '../../src/app/command-run.ts';
import { type CommandBackend, commandBackend } from '../../src/backends/command/command-backend.ts';
import type { CommandSettings } from '../../src/backends/command/command-settings.ts';
import type { IssuerError } from '../../src/core/errors.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { RevocationOrder } from '../../src/core/issuer.ts';

export const folder = mkdtempSync(join(tmpdir(), 'openndes-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

export const ALLOW: Allow = { kind: 'allow', notify: 'none' };
export const never = new AbortController().signal;
export const NOT_AFTER = new Date('2027-03-01T12:00:00.000Z');

/** Values that show where they go: no test may see more of them than it asks for. */
export const SECRET = 'pa55-of-the-environment';

const PREAMBLE = `
import { appendFileSync, readFileSync } from 'node:fs';
const order = JSON.parse(readFileSync(0, 'utf8'));
const answer = (fields) => process.stdout.write(JSON.stringify({ version: 1, ...fields }));
`;

let scripts = 0;

/** The path of a new script. Without \`reads\` it does not read its order. */
export function script(source: string, preamble = PREAMBLE): string {
  const path = join(folder, `program-${++scripts}.mjs`);
  writeFileSync(path, `${preamble}${source}`);
  return path;
}

/** A backend whose program is this script. */
export const backendOf = (source: string, different: Partial<CommandSettings> = {}, chain: Uint8Array[] = []) =>
  commandBackend(
    { ...settings, argv: [process.execPath, script(source)], ...different },
    { run: runCommand, limit: (ms) => AbortSignal.timeout(ms), chain, notAfter: () => NOT_AFTER },
  );

export const settings: CommandSettings = {
  argv: [process.execPath],
  environment: { TOKEN: SECRET },
  timeout: 60_000,
  mostRunning: 4,
  operations: ['issue', 'poll', 'find', 'revoke', 'release', 'check'],
  parameters: {},
};

/** What was thrown, in short. */
export const faultIn = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (cause: IssuerError) => cause,
  );
  return error && { name: error.name, code: error.code, retryable: error.retryable, text: error.adminText };
};

/** What a program has written beside its answer. */
export const written = (name: string): string => readFileSync(join(folder, name), 'utf8');

export const revocation: RevocationOrder = {
  serial: '1a2b3c',
  issuer: 'CN=Example CA',
  certificate: Uint8Array.of(0x30, 0x00),
  reason: 'keyCompromise',
  at: new Date('2026-03-01T12:00:00.000Z'),
};

export type { CommandBackend };
