/** The server of an unpacked Debian package, as a process with nothing of this checkout in its path. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const env = { PATH: '/usr/bin:/bin' };

/** The URL of the line that says that the server is ready. Throws when it ends before. */
async function readyUrl({ stdout, stderr }: ChildProcess): Promise<string> {
  if (!stdout || !stderr) throw new Error('no output');
  stderr.resume();
  for await (const line of createInterface({ input: stdout })) {
    const [, url] = /^Ready: (\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it was ready');
}

/** Makes a CA, starts the server and enrols one device, each with the Node.js of the package. Returns the subject of the certificate. */
export async function enrolledBy(unpacked: string, folder: string): Promise<string> {
  const program = join(unpacked, 'usr/lib/openndes/node');
  const main = join(unpacked, 'usr/lib/openndes/bin/openndes.mjs');
  const run = (...args: string[]) => execFileSync(program, [main, ...args], { cwd: folder, env, encoding: 'utf8' });
  run('init', 'pki');
  const config = join(folder, 'pki/openndes.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('port: 8080', 'drain: 0, port: 0'));
  const server = spawn(program, [main, 'serve', '--config', config], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const url = await readyUrl(server);
    run('enroll', url, '--subject', 'CN=from-the-package', '--challenge-file', 'pki/challenge.txt', '--out', 'device');
  } finally {
    server.kill();
    await once(server, 'exit');
  }
  return new X509Certificate(readFileSync(join(folder, 'device/certificate.pem'))).subject;
}
