/** One server with a tenant in each cloud, by the public names of its services, behind a proxy of its own with a password. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import type { SimulatedCloud } from '../../src/simulator/site.ts';
import { serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { rsaKey } from '../kit/keys.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const WORKLOAD = { issuer: 'https://kubernetes.example', subject: 'system:serviceaccount:scep:openndes' };

type Place = {
  cloud: SimulatedCloud;
  /** The value of the key `cloud`. */
  written: unknown;
  /** That of an assertion. */
  audience: string;
  proxy: 'http' | 'https';
  /** Where tunnels lead. */
  hosts: readonly string[];
};

const PLACES: readonly Place[] = [
  {
    cloud: 'public',
    written: 'public',
    audience: 'api://AzureADTokenExchange',
    proxy: 'http',
    hosts: ['fef.simulated.manage.microsoft.com:443', 'graph.microsoft.com:443', 'login.microsoftonline.com:443'],
  },
  {
    cloud: 'gcc-high',
    written: 'gcc-high',
    audience: 'api://AzureADTokenExchangeUSGov',
    proxy: 'https',
    hosts: ['fef.simulated.manage.microsoft.us:443', 'graph.microsoft.us:443', 'login.microsoftonline.us:443'],
  },
  {
    cloud: 'dod',
    written: 'dod',
    audience: 'api://AzureADTokenExchangeUSGov',
    proxy: 'http',
    hosts: ['dod-graph.microsoft.us:443', 'fef.simulated.manage.microsoft.us:443', 'login.microsoftonline.us:443'],
  },
  {
    cloud: 'china',
    written: {
      login: 'https://login.partner.microsoftonline.cn',
      graph: 'https://microsoftgraph.chinacloudapi.cn',
      intune: 'https://api.manage.microsoftonline.cn',
    },
    audience: 'api://AzureADTokenExchangeChina',
    proxy: 'https',
    hosts: [
      'fef.simulated.manage.microsoftonline.cn:443',
      'login.partner.microsoftonline.cn:443',
      'microsoftgraph.chinacloudapi.cn:443',
    ],
  },
];

/** A proxy that leads every tunnel to the simulator, whatever its name, for one user with one password. */
async function proxyTo(t: TestContext, simulator: Simulator, { cloud, proxy: scheme }: Place) {
  const tunnels = new Set<string>();
  const { key, certificate } = await serverCredential(simulator.state.authority, systemClock(), systemRandom);
  const server = scheme === 'http' ? createServer() : createTlsServer({ key, cert: certificate });
  const right = `Basic ${Buffer.from(`${cloud}:pass of ${cloud}`).toString('base64')}`;
  server.on('connect', (request, socket) => {
    if (request.headers['proxy-authorization'] !== right) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    tunnels.add(request.url!);
    const target = connect(Number(new URL(simulator.tenant.cloud.login).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on('error', () => void [socket, target].map((each) => each.destroy()));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { tunnels, url: `${scheme}://${cloud}:pass%20of%20${cloud}@localhost:${port}` };
}

async function tenantAt(t: TestContext, place: Place) {
  const { cloud, audience, written } = place;
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom, publicNames: cloud });
  t.after(() => simulator.close());
  simulator.app.addFederated({ ...WORKLOAD, audiences: [audience] });
  const proxy = await proxyTo(t, simulator, place);
  const { tenant, clientId } = simulator.tenant;
  const files = {
    [`${cloud}.pem`]: simulator.caPem,
    [`${cloud}.jwt`]: simulator.app.assertion({ ...WORKLOAD, audience }),
  };
  const federated = { file: `${cloud}.jwt` };
  const section = { tenant, clientId, cloud: written, federated, proxy: proxy.url, trustCa: `${cloud}.pem` };
  return { place, simulator, files, section, tunnels: proxy.tunnels };
}

test('a server serves a tenant in each cloud: token, discovery and Intune by its own names, proxy, password and CA', async (t) => {
  const tenants = await Promise.all(PLACES.map((place) => tenantAt(t, place)));
  const sections = Object.fromEntries(tenants.map(({ place, section }) => [place.cloud, section]));
  const endpoints = PLACES.map(
    ({ cloud }) =>
      `  - { path: /${cloud}, authority: issuing, profile: device, policy: { intune: ${cloud}, onUnreachable: fail } }\n`,
  );
  const { folder, config } = await installed(t, (text) =>
    text
      .replace('endpoints:\n', `endpoints:\n${endpoints.join('')}`)
      .concat(`\ntenants: ${JSON.stringify(sections)}\n`),
  );
  for (const [name, text] of tenants.flatMap(({ files }) => Object.entries(files)))
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const { origin } = new URL(server.urls[0]!);
  for (const { place, simulator, tunnels } of tenants) {
    const subject = `CN=device of ${place.cloud}`;
    const plan = { key: rsaKey('clouds'), subject: nameFromText(subject), challenge: simulator.mint({ subject }) };
    const { status } = await enroll(await discover(`${origin}/${place.cloud}`, context), plan, context);
    assert.equal(status, 'success', place.cloud);
    assert.deepEqual([...tunnels].toSorted(), place.hosts);
  }
});

test('a tenant is not reached with the password or the CA of another one', async (t) => {
  const [one, other] = await Promise.all(PLACES.slice(0, 2).map((place) => tenantAt(t, place)));
  const sections = {
    password: {
      ...one!.section,
      proxy: one!.section.proxy.replace('public:pass%20of%20public', 'gcc-high:pass%20of%20gcc-high'),
    },
    ca: { ...one!.section, trustCa: other!.section.trustCa },
  };
  const { folder, config, cli } = await installed(t, (text) => text.concat(`\ntenants: ${JSON.stringify(sections)}\n`));
  for (const [name, text] of [one!, other!].flatMap(({ files }) => Object.entries(files)))
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  const { code, err } = await cli('check', '--online', '--config', config);
  assert.equal(code, 1);
  const host = 'Intune token: login.microsoftonline.com could not be reached:';
  assert.deepEqual(err.split('\n'), [
    `error: tenant password: ${host} the proxy answered HTTP 407. Look at the user and the password in \`proxy\`.`,
    `error: tenant ca: ${host} UNABLE_TO_VERIFY_LEAF_SIGNATURE. The certificate of the service is not trusted. If a proxy opens TLS, give its CA as \`trustCa\`.`,
  ]);
  assert.deepEqual(one!.simulator.calls(), []);
});
