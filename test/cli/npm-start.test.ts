/** `npm start`: who ends npm, ends the server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)
  test(`${signal} to the pid of npm: the server ends too, and its port is free`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'openndes-npm-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const args = ['start', '--', '--data', join(folder, 'data'), '--port', '0'];
    const npm = spawn('npm', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => npm.kill('SIGKILL'));
    const lines = createInterface(npm.stdout);
    let url = '';
    for await (const line of lines) {
      url = /^Ready: (.*)/.exec(line)?.[1] ?? '';
      if (url) break;
    }
    assert.equal((await fetch(`${url}?operation=GetCACaps`)).status, 200);
    const gone = once(npm, 'exit');
    npm.kill(signal);
    await gone;
    let served = true;
    for (let waits = 0; waits < 100 && served; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      served = await fetch(`${url}?operation=GetCACaps`).then(
        () => true,
        () => false,
      );
    }
    assert.equal(served, false, 'the server serves ten seconds after npm has ended');
  });
