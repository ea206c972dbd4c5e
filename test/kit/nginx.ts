/** The real nginx with docker/nginx.conf, whose addresses are those of the tests. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { output, start } from '../interop/kit/children.ts';
import { accepts } from './ports.ts';

const CONFIGURATION = join(import.meta.dirname, '..', '..', 'docker', 'nginx.conf');

/** The ports on this machine: its own, and those of both replicas. */
export type NginxPorts = { own: number; replicas: readonly [number, number] };

/** Starts it, when nginx itself finds nothing wrong. Resolves when it accepts connections. */
export async function startNginx({ own, replicas: [a, b] }: NginxPorts): Promise<{ stop: () => Promise<void> }> {
  const folder = mkdtempSync('/var/tmp/openndes-nginx-');
  const server = readFileSync(CONFIGURATION, 'utf8')
    .replace('172.30.80.11:8080', `127.0.0.1:${a}`)
    .replace('172.30.80.12:8080', `127.0.0.1:${b}`)
    .replace('listen 8080', `listen 127.0.0.1:${own}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `${user} pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary.join(' ')}\n${server}}\n`,
  );
  await output('nginx', ['-t', '-e', 'stderr', '-p', folder, '-c', file]);
  // It says nothing on standard output.
  const command = `echo started; exec nginx -e stderr -p ${folder} -c ${file} -g 'daemon off;'`;
  const nginx = await start('sh', ['-c', command], { ready: /^started$/ });
  while (!(await accepts(own))) await sleep(50);
  return {
    async stop() {
      await nginx.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
