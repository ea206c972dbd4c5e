/** A folder that `init` filled, with its command line and a server on a free port. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { init } from '../../src/cli/installation.ts';
import { main } from '../../src/cli/main.ts';
import type { KeyChoice } from '../../src/keys/software.ts';
import { startServer } from '../../src/app/configured-server.ts';

/** What a command said, and its exit code. */
export type Said = { code: number; out: string; err: string };

export async function run(...args: string[]): Promise<Said> {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { out: (line: string) => void lines.push(line), err: (line: string) => void errors.push(line) };
  const code = await main(args, output);
  return { code, out: lines.join('\n'), err: errors.join('\n') };
}

/** What a command with `--json` printed: one object. */
export const fields = ({ out }: Said) => JSON.parse(out) as Record<string, unknown>;
/** What a command with `--json` printed: a list. */
export const rows = ({ out }: Said) => JSON.parse(out) as Record<string, string>[];

/** `cli` runs a command that takes `--config`; `started` starts a server, which ends with the test. */
export async function installed(
  t: TestContext,
  change: (config: string) => string = (config) => config,
  key: KeyChoice = 'p256',
) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-installation-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await init(folder, { key, organisation: 'Test' });
  const config = join(folder, 'openndes.yaml');
  writeFileSync(config, change(readFileSync(config, 'utf8').replace('port: 8080', 'drain: 0, port: 0')));
  const cli = (...args: string[]): Promise<Said> => run(...args, '--config', config);
  const started = async () => {
    const server = await startServer(config, { logLevel: 'silent', workers: 1 });
    t.after(() => server.close());
    return { url: server.urls[0]!, origin: new URL(server.urls[0]!).origin, close: () => server.close() };
  };
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  return { folder, config, challenge, cli, started };
}
