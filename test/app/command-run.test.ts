import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runCommand } from '../../src/app/command-run.ts';
import { until } from '../kit/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const node = (source: string, ...args: string[]): string[] => {
  const path = join(folder, `run-${Math.random()}.mjs`);
  writeFileSync(path, source);
  return [process.execPath, path, ...args];
};
const ended = async (argv: readonly string[], input = '', signal = never) => {
  const end = await runCommand({ argv, environment: { TOKEN: 'of the test' }, input }, signal);
  return end.kind === 'ended' ? { ...end, stdout: Buffer.from(end.stdout).toString() } : end;
};

/** Whether a process of this id runs. */
const runs = (id: number): boolean => {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
};

/** It starts a second process, writes both ids to a file, and both stay. */
const STAYING = `
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
const [path, then] = process.argv.slice(2);
const second = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
writeFileSync(path + '.new', JSON.stringify([process.pid, second.pid]));
renameSync(path + '.new', path);
if (then === 'end') process.exit(0);
if (then === 'flood') for (;;) if (!process.stdout.write('x'.repeat(65536))) await new Promise((go) => process.stdout.once('drain', go));
`;
const idsIn = (path: string): number[] => JSON.parse(readFileSync(path, 'utf8')) as number[];
const gone = (ids: readonly number[]) => until(() => !ids.some(runs), 'the end of the processes');

describe('a program', () => {
  test('gets its input, its arguments as they are and its environment, and nothing else of ours', async () => {
    process.env['OPENNDES_SECRET_OF_THE_SERVER'] = 'must stay here';
    const source = `
      import { readFileSync } from 'node:fs';
      const said = [readFileSync(0, 'utf8'), process.argv.slice(2), process.env, process.cwd()];
      process.stdout.write(JSON.stringify(said));`;
    const end = await ended(node(source, '$(id); "a b"', "'*'"), 'the order');
    delete process.env['OPENNDES_SECRET_OF_THE_SERVER'];
    assert.ok(end.kind === 'ended');
    const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TOKEN: 'of the test' };
    const [input, args, env, cwd] = JSON.parse(end.stdout) as unknown[];
    assert.deepEqual([input, args, cwd], ['the order', ['$(id); "a b"', "'*'"], '/']);
    assert.deepEqual(
      { ...(env as object), __CF_USER_TEXT_ENCODING: undefined },
      { ...environment, __CF_USER_TEXT_ENCODING: undefined },
    );
  });

  test('may end without reading its input', async () => {
    const end = await ended(node('process.exit(14);'), 'x'.repeat(200_000));
    assert.deepEqual(end, { kind: 'ended', code: 14, stdout: '', stderr: '' });
  });

  test('that does not exist is not started', async () => {
    const end = await ended([join(folder, 'nothing')]);
    assert.equal(end.kind, 'not-started');
  });

  test('that a signal ends has no exit code', async () => {
    const end = await ended(node("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);"));
    assert.equal(end.kind === 'ended' && end.code, undefined);
  });

  test('is killed with what it started when its time is over', async () => {
    const path = join(folder, 'staying');
    const time = new AbortController();
    const end = ended(node(STAYING, path), '', time.signal);
    await until(() => existsSync(path), 'the ids of the processes');
    time.abort(new Error('over'));
    await assert.rejects(end, { message: 'over' });
    await gone(idsIn(path));
  });

  test('is not waited for when it leaves something behind that keeps its output open', async () => {
    const path = join(folder, 'left');
    const end = await ended(node(STAYING, path, 'end'));
    assert.deepEqual(end, { kind: 'ended', code: 0, stdout: '', stderr: '' });
    await gone(idsIn(path));
  });

  test('is killed when it writes more than 1 MiB', async () => {
    const path = join(folder, 'flood');
    assert.deepEqual(await ended(node(STAYING, path, 'flood')), { kind: 'too-much' });
    await gone(idsIn(path));
  });

  test('is not started when the time is over already', async () => {
    const path = join(folder, 'never');
    await assert.rejects(ended(node(STAYING, path), '', AbortSignal.abort(new Error('over'))), { message: 'over' });
    assert.equal(existsSync(path), false);
  });

  test('has the last whole lines of its standard error kept, 4 KiB at most', async () => {
    const end = await ended(node("process.stderr.write('s'.repeat(5000) + '\\n' + 'last\\n');"));
    assert.equal(end.kind === 'ended' && end.stderr, 'last\n');
    const long = await ended(node("process.stderr.write('s'.repeat(5000));"));
    assert.equal(long.kind === 'ended' && long.stderr.trim(), '');
  });
});
