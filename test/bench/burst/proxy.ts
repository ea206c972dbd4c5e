/** nginx in front of several servers, as docs/reverse-proxies.md has it, with folders of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../kit/ports.ts';
import { until } from '../../kit/until.ts';

const PROGRAM = '/usr/sbin/nginx';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

const configuration = (folder: string, port: number, servers: readonly string[]): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 9000; }
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  upstream openndes {
    ${servers.map((server) => `server ${new URL(server).host};`).join('\n    ')}
    keepalive 256;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    large_client_header_buffers 4 128k;
    client_max_body_size 256k;
    client_body_buffer_size 64k;
    location / {
      proxy_pass http://openndes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_read_timeout 90s;
    }
  }
}
`;

/** Starts it in a folder. Throws when it does not answer within ten seconds: is nginx-light installed? */
export async function proxy(
  folder: string,
  servers: readonly string[],
): Promise<{ origin: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, configuration(folder, port, servers));
  const errors = `${folder}/nginx.log`;
  const child = spawn(PROGRAM, ['-e', errors, '-p', folder, '-c', config, '-g', 'daemon off;'], { stdio: 'inherit' });
  const origin = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(answers, `an answer of nginx; ${errors} says why`, { every: 100, within: 10_000 });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { origin, stop };
}
