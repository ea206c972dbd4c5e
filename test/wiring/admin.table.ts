/** `admin`: the listener of the administrators. */
import { basic, KNOWN, passwordFor, TOKEN, USERS } from './administrator.ts';
import { freePort } from '../kit/ports.ts';
import type { Row } from './row.ts';
import { configured, type Running, shared, started, statusAt } from './server.ts';

const endpoints = [{ path: '/scep', policy: { oneTime: {} } }];
const administered = (admin: object): string => configured({ admin: { port: 0, ...admin }, endpoints });

const full = shared({ admin: { port: 0, token: TOKEN, users: USERS }, endpoints });
const bare = shared({ admin: { port: 0 }, endpoints });
const SERVERS: Readonly<Record<string, () => Promise<Running>>> = { full, bare };

const behind = (admin: object) => shared({ admin: { port: 0, users: USERS, ...admin }, endpoints });
const BEHIND: Readonly<Record<string, () => Promise<Running>>> = {
  trusted: behind({ trustProxy: ['loopback'] }),
  'not trusted': behind({}),
};

/** One of two addresses behind a proxy, which writes ports too, fails to log in ten times. What each of them gets then. */
async function loginsBehind(place: string): Promise<number[]> {
  const { adminUrl } = await BEHIND[place]!();
  const login = (address: string): Promise<number> =>
    statusAt(`${adminUrl}/scep/mscep_admin/`, { ...basic('ndes', 'wrong'), 'x-forwarded-for': address });
  for (let tries = 0; tries < 10; tries++) await login(`203.0.113.1:${50_000 + tries}`);
  return [await login('203.0.113.1:60000'), await login('203.0.113.2:60000')];
}

/** What an address and a port of the administrators answer where there is no page. */
const nothingAt = (host: string, port: number | string): Promise<number | 'closed'> =>
  statusAt(`http://${host}:${port}/nothing`).catch(() => 'closed' as const);

export const ADMIN: readonly Row[] = [
  {
    keys: ['admin.host'],
    question: 'what answers at 127.0.0.1 and at 127.0.0.2',
    ask: async (host) => {
      const { port } = new URL((await started(administered({ host }))).adminUrl);
      return [await nothingAt('127.0.0.1', port), await nothingAt('127.0.0.2', port)];
    },
    answers: { '127.0.0.1': [404, 'closed'], '127.0.0.2': ['closed', 404] },
  },
  {
    keys: ['admin.port'],
    question: 'what answers at the port of the file',
    ask: async () => {
      const port = await freePort();
      await started(administered({ port }));
      return nothingAt('127.0.0.1', port);
    },
    answers: { 'a free port': 404 },
  },
  {
    keys: ['admin.trustProxy'],
    question: 'what two addresses behind a proxy get after ten wrong passwords of the first',
    ask: loginsBehind,
    answers: { trusted: [429, 401], 'not trusted': [429, 429] },
  },
  {
    keys: ['admin.token'],
    question: 'the HTTP status of the API with the token, and with another',
    ask: async (place) => {
      const { adminUrl } = await SERVERS[place]!();
      return [
        (await passwordFor(adminUrl, '/scep')).status,
        (await passwordFor(adminUrl, '/scep', 'another-token-of-16')).status,
      ];
    },
    answers: { full: [201, 401], bare: [404, 404] },
  },
  {
    keys: ['admin.users'],
    question: 'the HTTP status of the page with the password, and with another',
    ask: async (place) => {
      const page = `${(await SERVERS[place]!()).adminUrl}/scep/mscep_admin/`;
      return [await statusAt(page, KNOWN), await statusAt(page, basic('ndes', 'wrong'))];
    },
    answers: { full: [200, 401], bare: [404, 404] },
  },
];
