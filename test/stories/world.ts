/** A started server whose store has many certificates and attempts already, and devices that ask from addresses of their own. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { discover, enroll, type ClientContext } from '../../src/client/scep-client.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { Simulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { attemptOf } from './filled-attempts.ts';
import { sqliteFillOf } from '../bench/search-fill.ts';
import { client } from '../kit/pki.ts';
import { deviceKey } from '../wiring/device.ts';
import { clock, FOLDER, random } from '../wiring/files.ts';
import { login, user } from '../wiring/operators.ts';
import { configured, started } from '../wiring/server.ts';
import { type Tenant, tenantNamed } from '../wiring/tenant.ts';

/** A page as it was answered. `ms`: the time until all of it was there. */
export type PageSeen = { status: number; body: string; ms: number };

/** The server, its tenants, and a viewer who is signed in. */
export type World = {
  url: (path: string) => string;
  simulators: Readonly<Record<'office' | 'down' | 'without-permission', Simulator>>;
  page: (path: string) => Promise<PageSeen>;
};

const PATHS = ['/wifi', '/down', '/permission', '/secret'] as const;

/** Makes it, with so many certificates and as many attempts. */
export async function worldWith(rows: number): Promise<World> {
  const path = join(FOLDER, 'stories.db');
  await fill(path, rows);
  const [office, down, permission] = await Promise.all(
    ['of stories', 'of stories, down', 'of stories, poor'].map(tenantNamed),
  );
  if (!office || !down || !permission) throw new Error('no tenants');
  const secret = { ...office.section, clientSecret: 'not-the-secret-of-this-application' };
  const sections = { office: office.section, down: down.section, permission: permission.section, secret };
  const tenantOf = { '/wifi': 'office', '/down': 'down', '/permission': 'permission', '/secret': 'secret' };
  const server = await started(
    configured({
      listen: { host: '127.0.0.1', port: 0, drain: 0, trustProxy: ['loopback'] },
      store: `sqlite:${path}`,
      admin: { port: 0, users: { ada: user('viewer') } },
      tenants: sections,
      endpoints: PATHS.map((each) => ({ path: each, policy: { intune: tenantOf[each] } })),
    }),
  );
  const { cookie } = await login(server.adminUrl, 'ada');
  return {
    url: server.url,
    simulators: simulatorsOf({ office, down, permission }),
    page: (to) => pageAt(`${server.adminUrl}${to}`, cookie),
  };
}

const simulatorsOf = ({ office, down, permission }: Readonly<Record<string, Tenant>>): World['simulators'] => ({
  office: office!.simulator,
  down: down!.simulator,
  'without-permission': permission!.simulator,
});

async function pageAt(url: string, cookie: string): Promise<PageSeen> {
  const began = performance.now();
  const response = await fetch(url, { headers: { cookie } });
  const body = await response.text();
  return { status: response.status, body, ms: performance.now() - began };
}

async function fill(path: string, rows: number): Promise<void> {
  const store = await openSqliteStore({ path, clock });
  const began = clock().getTime() - rows * 100;
  for (let from = 0; from < rows; from += 1_000)
    await store.recordAttempts(
      Array.from({ length: Math.min(1_000, rows - from) }, (_, n) => attemptOf(from + n, began)),
    );
  await store.close();
  const database = new DatabaseSync(path);
  const der = Buffer.from(client.certificate).toString('hex');
  for (const statement of sqliteFillOf(rows, { end: clock().getTime(), der })) database.exec(statement);
  database.close();
}

/** A device: what it asks goes out as if a proxy had got it from this address. */
export const deviceAt = (address: string): ClientContext => ({
  clock,
  random,
  fetch: (input, init) =>
    fetch(input, {
      ...init,
      headers: {
        ...(init?.headers as Record<string, string>),
        'x-forwarded-for': address,
        'user-agent': 'CFNetwork/1.0',
      },
    }),
});

/** PKCSReq with this challenge. What the device learns does not matter here. */
export async function asks(url: string, address: string, plan: { subject: string; challenge: string }): Promise<void> {
  const context = deviceAt(address);
  const subject = nameFromText(plan.subject);
  await enroll(await discover(url, context), { subject, challenge: plan.challenge, key: deviceKey }, context).catch(
    () => undefined,
  );
}
