/** `tenants`: the simulated tenant is reached with every value right, and with one of them wrong it is not. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { atEnd } from './files.ts';
import type { Row } from './row.ts';
import { shared } from './server.ts';
import { tenantNamed } from './tenant.ts';

/** Counts what goes through it. */
let tunnels = 0;
const proxy = createServer();
proxy.on('connect', (request, socket) => {
  tunnels++;
  const [host, port] = request.url!.split(':');
  const target = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    target.pipe(socket).pipe(target);
  });
  for (const end of [socket, target]) end.on('error', () => void [socket, target].map((each) => each.destroy()));
});

async function tenants(): Promise<Record<string, object>> {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  atEnd(async () => void proxy.close());
  const { section: right } = await tenantNamed('usual');
  const { trustCa: _trusted, ...untrusted } = right;
  const unknown = '00000000-0000-0000-0000-000000000000';
  const cloud = (different: object) => ({ ...right, cloud: { ...right.cloud, ...different } });
  return {
    right,
    tenant: { ...right, tenant: unknown },
    clientId: { ...right, clientId: unknown },
    clientSecret: { ...right, clientSecret: 'another secret' },
    login: cloud({ login: `${right.cloud.login}/elsewhere` }),
    graph: cloud({ graph: `${right.cloud.graph}/elsewhere` }),
    intune: cloud({ intune: `${right.cloud.intune}/elsewhere` }),
    trustCa: untrusted,
    proxy: { ...right, proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
  };
}

const server = shared(async () => {
  const all = await tenants();
  const endpoints = Object.keys(all).map((intune) => ({
    path: `/${intune}`,
    policy: { intune, onUnreachable: 'fail' },
  }));
  return { tenants: all, endpoints };
});

async function status(name: string): Promise<string> {
  const tenant = await tenantNamed('usual');
  return (await tenant.enrolled((await server()).url(`/${name}`))).status;
}

/** What becomes of a device of the tenant when this value of the section is another one. */
const another = (key: string, place: string): Row => ({
  keys: [key],
  question: 'what a device of the tenant gets when it is right, and when it is another',
  ask: status,
  answers: { right: 'issued', [place]: 'failInfo 2' },
});

export const TENANTS: readonly Row[] = [
  another('tenants.NAME.tenant', 'tenant'),
  another('tenants.NAME.clientId', 'clientId'),
  another('tenants.NAME.clientSecret', 'clientSecret'),
  another('tenants.NAME.cloud.login', 'login'),
  another('tenants.NAME.cloud.graph', 'graph'),
  another('tenants.NAME.cloud.intune', 'intune'),
  another('tenants.NAME.trustCa', 'trustCa'),
  {
    keys: ['tenants.NAME.cloud'],
    question: 'what a device of the tenant gets whose cloud is written out',
    ask: status,
    answers: { right: 'issued' },
  },
  {
    keys: ['tenants.NAME.proxy'],
    question: 'what a device of the tenant gets, and whether the proxy was asked for a tunnel',
    // The server asks each tenant at its start, and keeps the tunnel.
    ask: async (name) => [await status(name), tunnels > 0],
    answers: { proxy: ['issued', true] },
  },
];
