/** The configurations of docs/reverse-proxies.md, run by the real programs: long URLs come through, with the address of the client. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Agent, request } from 'undici';
import type { Fetch } from '../../src/client/ca-operations.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { generateKey } from '../../src/keys/software.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { random } from '../kit/pki.ts';
import type { Running } from './kit/children.ts';
import { openndes } from './kit/openndes.ts';
import { freePort } from '../kit/ports.ts';
import { PROXIES, type Proxy } from './kit/proxies.ts';

const PATH = '/certsrv/mscep/mscep.dll';
const CHALLENGE = 'challenge-of-the-tests';
const page = readFileSync(new URL('../../docs/reverse-proxies.md', import.meta.url), 'utf8');

let dir: string;
let server: Running;
let port: number;
let ca: string;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'openndes-proxies-'));
  await openndes.output(['init', dir, '--key', 'p256']);
  port = await freePort();
  const [, listen = ''] = /^```yaml\npublicUrl: \S+\n(listen: .*)\n```$/m.exec(page) ?? [];
  assert.ok(listen.includes('port: 8080'), listen);
  const config = join(dir, 'openndes.yaml');
  writeFileSync(
    config,
    `${listen.replace('port: 8080', `port: ${port}, drain: 0`)}
store: sqlite:./openndes.db
authorities: { issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: file:certs/issuing-ca.key.pem, ra: auto } }
profiles: { device: {} }
endpoints: [{ path: ${PATH}, policy: { static: ${CHALLENGE} } }]
`,
  );
  const now = new Date();
  const authority = await newAuthority(now, random);
  const { key, certificate } = await serverCredential(authority, now, random);
  ca = join(dir, 'tls-ca.pem');
  writeFileSync(ca, authority.certificate);
  writeFileSync(join(dir, 'tls.key'), key);
  writeFileSync(join(dir, 'tls.pem'), `${certificate}${key}`);
  server = await openndes.start(['serve', '--config', config], { ready: /^Ready: / });
});
after(async () => {
  await server.end('SIGTERM');
  rmSync(dir, { recursive: true });
});

const startProxy = (proxy: Proxy, change?: (config: string) => string) =>
  proxy.start({
    page,
    dir,
    backend: port,
    tls: join(dir, 'tls.pem'),
    key: join(dir, 'tls.key'),
    ...(change && { change }),
  });

/** From another address than that of the proxy, and with a forged header. */
function fromAnotherAddress(): { fetch: Fetch; longest: () => number; close: () => Promise<void> } {
  const agent = new Agent({ localAddress: '127.0.0.2', connect: { ca: readFileSync(ca, 'utf8') } });
  let longest = 0;
  const fetch: Fetch = async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    longest = Math.max(longest, (url.pathname + url.search).length);
    const { statusCode: status, body } = await request(url, {
      dispatcher: agent,
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });
    return new Response(await body.arrayBuffer(), { status });
  };
  return { fetch, longest: () => longest, close: () => agent.close() };
}

/** Names for a request that makes a URL of more than 60 KB. */
const NAMES = Array.from({ length: 690 }, (_, n) => `dns:${String(n).padStart(4, '0')}.${'long'.repeat(12)}.example`);

for (const proxy of PROXIES)
  describe(`${proxy.name}, as docs/reverse-proxies.md configures it`, () => {
    let running: { url: string; stop: () => Promise<void> };
    before(async () => {
      running = await startProxy(proxy);
    });
    after(() => running.stop());

    test('an enrolment by GET with a URL of 60 KB: issued, and the log has the address of the client', async () => {
      const { fetch, longest, close } = fromAnotherAddress();
      const context = { fetch, clock: () => new Date(), random };
      const found = await discover(`${running.url}${PATH}`, context);
      const plan = {
        key: generateKey('rsa-2048'),
        subject: nameFromText(`CN=${proxy.name}`),
        challenge: CHALLENGE,
        extensions: [subjectAltName(NAMES.map((name) => generalNameFromText(name)))],
      };
      const { status } = await enroll({ ...found, get: true }, plan, context);
      await close();
      assert.equal(status, 'success');
      assert.ok(longest() > 60_000 && longest() < 65_536, String(longest()));
      const line = await server.until(({ stderr }) =>
        stderr.split('\n').find((each) => each.includes(`"subject":"CN=${proxy.name}"`)),
      );
      const { method, ip, outcome } = JSON.parse(line) as Record<string, string>;
      assert.deepEqual([method, ip, outcome], ['GET', '127.0.0.2', 'issued']);
    });

    test('openndes probe: 64 KB', async () => {
      const { code, stdout } = await openndes.run(['probe', `${running.url}${PATH}`, '--trust-ca', ca]);
      assert.deepEqual(
        [code, stdout.trimEnd().split('\n').at(-1)],
        [0, 'URLs of 65536 octets reach the server: enough for every client.'],
      );
    });

    test('openndes enroll, by POST and by GET', async () => {
      for (const more of [[], ['--get']]) {
        const out = join(dir, `${proxy.name}${more.join('')}`);
        const args = ['enroll', `${running.url}${PATH}`, '--subject', 'CN=x', '--challenge', CHALLENGE];
        await openndes.output([...args, '--trust-ca', ca, '--out', out, ...more]);
        assert.ok(existsSync(join(out, 'certificate.pem')));
      }
    });
  });

for (const proxy of PROXIES.filter(({ without }) => without))
  test(`${proxy.name} without its line for long URLs: openndes probe says so, and what to change`, async () => {
    const { line, longest, refused, answer, remedy } = proxy.without!;
    const running = await startProxy(proxy, (config) => {
      assert.ok(config.includes(line), config);
      return config.replace(line, '');
    });
    try {
      const { code, stdout } = await openndes.run(['probe', `${running.url}${PATH}`, '--trust-ca', ca]);
      const lines = stdout.trimEnd().split('\n');
      assert.equal(code, 1);
      assert.match(lines.at(-2)!, answer);
      assert.equal(
        lines.at(-1),
        `URLs of ${longest} octets reach the server and those of ${refused} do not. To change at the proxy: ${remedy}. See docs/reverse-proxies.md.`,
      );
    } finally {
      await running.stop();
    }
  });
