/** Reverse proxies: the configuration of the documentation with other ports and files, and the real program with it. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { accepts, freePort } from '../../kit/ports.ts';
import { start } from './children.ts';

/** `change` is made to the configuration of the page before it is used. */
type Setting = {
  page: string;
  dir: string;
  /** The port of openndes. */
  backend: number;
  /** PEM files: certificate with key, and the key. */
  tls: string;
  key: string;
  change?: (config: string) => string;
};

export type Proxy = {
  name: string;
  start: (setting: Setting) => Promise<{ url: string; stop: () => Promise<void> }>;
  /** What `openndes probe` says without this line. */
  without?: { line: string; longest: number; refused: number; answer: RegExp; remedy: string };
};

/** The block of this language on the page, with each of these texts replaced. Fails when one is not there. */
function configOf(language: string, { page, change = (config) => config }: Setting, texts: Record<string, string>) {
  const [, block = ''] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(page) ?? [];
  return change(
    Object.entries(texts).reduce((config, [old, text]) => {
      assert.ok(config.includes(old), `${old} is not in the configuration for ${language}`);
      return config.replace(old, text);
    }, block),
  );
}

/** Runs the program in a shell that says so first, because these programs say nothing on standard output. */
async function running(port: number, command: string) {
  const proxy = await start('sh', ['-c', `echo started; exec ${command}`], { ready: /^started$/ });
  for (let waits = 0; !(await accepts(port)); waits++) {
    if (waits > 100) throw new Error(`${command}: ${proxy.written.stderr}`);
    await pause(100);
  }
  return { url: `https://127.0.0.1:${port}`, stop: async () => void (await proxy.end('SIGTERM')) };
}

const nginx = async (setting: Setting) => {
  const port = await freePort();
  const dir = mkdtempSync(join(setting.dir, 'nginx-'));
  const server = configOf('nginx', setting, {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/scep.pem': setting.tls,
    '/etc/nginx/scep.key': setting.key,
    '127.0.0.1:8080': `127.0.0.1:${setting.backend}`,
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    join(dir, 'nginx.conf'),
    `${user} pid ${dir}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary.join(' ')}\n${server}}\n`,
  );
  return running(port, `nginx -e stderr -p ${dir} -c ${dir}/nginx.conf -g 'daemon off;'`);
};

const haproxy = async (setting: Setting) => {
  const port = await freePort();
  const file = join(mkdtempSync(join(setting.dir, 'haproxy-')), 'haproxy.cfg');
  const config = configOf('haproxy', setting, {
    'bind :443': `bind 127.0.0.1:${port}`,
    '/etc/haproxy/scep.pem': setting.tls,
    '127.0.0.1:8080': `127.0.0.1:${setting.backend}`,
  });
  writeFileSync(file, config);
  return running(port, `/usr/sbin/haproxy -db -f ${file}`);
};

/** With a certificate of the tests, because Caddy would ask a public CA for one. */
const caddy = async (setting: Setting) => {
  const port = await freePort();
  const file = join(mkdtempSync(join(setting.dir, 'caddy-')), 'Caddyfile');
  const config = configOf('caddyfile', setting, {
    'scep.example.com {': `https://127.0.0.1:${port} {\n    tls ${setting.tls} ${setting.key}`,
    '127.0.0.1:8080': `127.0.0.1:${setting.backend}`,
  });
  writeFileSync(file, `{\n    admin off\n    auto_https disable_redirects\n}\n${config}`);
  return running(port, `caddy run --config ${file} --adapter caddyfile`);
};

export const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    start: nginx,
    without: {
      line: 'large_client_header_buffers 4 128k;',
      longest: 4096,
      refused: 8192,
      answer: /^8192 octets: HTTP 414 \(nginx\/1\.\d+\.\d+\)$/,
      remedy: 'nginx: `large_client_header_buffers 4 128k;` in `server` or `http`',
    },
  },
  {
    name: 'HAProxy',
    start: haproxy,
    without: {
      line: 'tune.bufsize 131072',
      longest: 8192,
      refused: 16384,
      answer: /^16384 octets: HTTP 400 \(text\/html\)$/,
      remedy: 'HAProxy: `tune.bufsize 131072` in `global`',
    },
  },
  { name: 'Caddy', start: caddy },
];
