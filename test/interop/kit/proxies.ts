/** Reverse proxies: the configuration of the documentation with other ports and files, and the real program with it. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../kit/ports.ts';
import { startNginxWith, startProxy } from '../../kit/proxy-process.ts';
import type { Running } from './children.ts';

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

const running = (port: number, proxy: Running) => ({
  url: `https://127.0.0.1:${port}`,
  stop: async () => void (await proxy.end('SIGTERM')),
});

const nginx = async (setting: Setting) => {
  const port = await freePort();
  const dir = mkdtempSync(join(setting.dir, 'nginx-'));
  const server = configOf('nginx', setting, {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/scep.pem': setting.tls,
    '/etc/nginx/scep.key': setting.key,
    '127.0.0.1:8080': `127.0.0.1:${setting.backend}`,
  });
  return running(port, await startNginxWith(dir, port, server));
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
  return running(port, await startProxy(port, `/usr/sbin/haproxy -db -f ${file}`));
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
  return running(port, await startProxy(port, `caddy run --config ${file} --adapter caddyfile`));
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
