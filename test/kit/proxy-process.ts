/** Reverse proxies as processes of their own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, start } from '../interop/kit/children.ts';
import { accepts } from './ports.ts';
import { until } from './until.ts';

/** Runs the command in a shell that says so first, because these programs say nothing on standard output. Resolves when the port accepts connections. */
export async function startProxy(port: number, command: string): Promise<Running> {
  const proxy = await start('sh', ['-c', `echo started; exec ${command}`], { ready: /^started$/ });
  const refused = (): string => `connections at port ${port} of ${command}: ${proxy.written.stderr}`;
  await until(() => accepts(port), refused, { within: 10_000 });
  return proxy;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** nginx with these blocks of its context `http`. It writes in this folder only. */
export function startNginxWith(folder: string, port: number, blocks: string): Promise<Running> {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `${user} pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary}\n${blocks}\n}\n`,
  );
  return startProxy(port, `nginx -e stderr -p ${folder} -c ${file} -g 'daemon off;'`);
}
