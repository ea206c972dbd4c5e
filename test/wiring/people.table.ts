/** `pfx.people`: what the commands do without options, with keys that a store has and users of a simulated tenant. */
import { createPublicKey, hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { NewUserKey } from '../../src/core/user-key-store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { run, type Said } from '../app/installation.ts';
import { rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { clock, file } from './files.ts';
import type { Row } from './row.ts';
import { configured, PLAIN, started } from './server.ts';
import { type Tenant, tenantNamed } from './tenant.ts';

const connector = {
  publicKey: file('people/connector.pem', connectorPem(createPublicKey(rsaKey('connector').privateKey))),
  sha256: hash('sha256', rsaKey('connector').spki),
  keyName: 'PFXKey',
};
const DAY = 86_400_000;
const PEOPLE = { tenant: 'corp', endpoint: 'people' };

/** A tenant whose app may do what keys of people need. */
async function tenant(name: string): Promise<Tenant> {
  const found = await tenantNamed(`people ${name}`);
  found.simulator.app.setRoles({ graph: ['User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'] });
  return found;
}

let count = 0;
/** The principal name of a user of both tenants whom no other question uses. */
async function newUser(): Promise<string> {
  const userPrincipalName = `user-${++count}@contoso.example`;
  for (const each of [await tenant('corp'), await tenant('other')])
    each.simulator.directory.addUsers({ users: [{ userPrincipalName }] });
  return userPrincipalName;
}

/** What a command says with this `people`, and what the store has after it. The keys are in the store before. */
async function told(people: object | undefined, command: readonly string[], keys: readonly NewUserKey[] = []) {
  const config = await configuredFor(people);
  const store = await openSqliteStore({ path: join(dirname(config), 'store.db'), clock });
  try {
    for (const key of keys) await store.addUserKey(key);
    const said: Said = await run('pfx', ...command, '--config', config);
    const made = await store.listUserKeys({});
    return { ...said, made, certificates: await store.listCertificates({}) };
  } finally {
    await store.close();
  }
}

/** The tenant that has a key after a server was started with this `people`, which was wanted at both. */
async function servedAt(people: object): Promise<string> {
  const config = await configuredFor(people);
  const user = await newUser();
  const store = await openSqliteStore({ path: join(dirname(config), 'store.db'), clock });
  try {
    const { thumbprint: _, starts: __, ends: ___, userId: ____, ...wanted } = imported(user, { left: 1 });
    for (const name of ['corp', 'other'])
      await store.addUserKey({ ...wanted, id: name, tenant: name, state: 'wanted' });
    await started(config);
    const [key] = await until(async () => {
      const keys = await store.listUserKeys({ states: ['imported'] });
      return keys.length > 0 && keys;
    }, 'a key');
    return key!.tenant;
  } finally {
    await store.close();
  }
}

async function configuredFor(people: object | undefined): Promise<string> {
  const tenants = { corp: (await tenant('corp')).section, other: (await tenant('other')).section };
  const pfx = { subject: 'CN={{UserName}}', key: 'p256', connector, ...(people && { people }) };
  const endpoints = [PLAIN, { ...PLAIN, path: '/people', name: 'people' }];
  return configured({ tenants, endpoints, pfx });
}

/** A key that Intune has since `days` days, with a certificate of 100 days of which `left` days are left. */
function imported(userPrincipalName: string, { left, days = 1 }: { left: number; days?: number }): NewUserKey {
  const now = clock().getTime();
  const ends = now + left * DAY;
  return {
    id: `${userPrincipalName} ${left}`,
    tenant: 'corp',
    userPrincipalName,
    userId: hash('md5', userPrincipalName),
    purpose: 'smimeSigning',
    origin: 'made',
    state: 'imported',
    at: new Date(now),
    dueAt: new Date(now - days * DAY),
    thumbprint: hash('sha1', `${userPrincipalName} ${left}`),
    starts: new Date(ends - 100 * DAY),
    ends: new Date(ends),
  };
}

/** Imported, of a user who is in the directory. The directory finds a user by the principal name too. */
async function ofUser(left: number, days = 1): Promise<NewUserKey> {
  const userId = await newUser();
  return { ...imported(userId, { left, days }), userId };
}

const ISSUED = 'imported: 1, failed: 0, to be tried again: 0';

export const PEOPLE_ROWS: readonly Row[] = [
  {
    keys: ['pfx.people'],
    question: 'what `pfx issue` says without options',
    ask: async (which) => {
      const { out, err } = await told(which === '' ? undefined : PEOPLE, ['issue', await newUser()]);
      return out || err.split(' nor ')[0];
    },
    answers: { '': 'neither `--tenant` was given', written: ISSUED },
  },
  {
    keys: ['pfx.people.tenant'],
    question: 'which tenant has the key of a user',
    ask: async (name) => {
      const user = await newUser();
      await told({ ...PEOPLE, tenant: name }, ['issue', user]);
      const has = async (which: string) =>
        (await tenant(which)).simulator.imported.list().some(({ userPrincipalName }) => userPrincipalName === user);
      return { corp: await has('corp'), other: await has('other') };
    },
    answers: { corp: { corp: true, other: false }, other: { corp: false, other: true } },
  },
  {
    keys: ['pfx.people.tenant'],
    question: 'at which tenant a server makes the key that is wanted',
    ask: (tenant) => servedAt({ ...PEOPLE, tenant }),
    answers: { corp: 'corp', other: 'other' },
  },
  {
    keys: ['pfx.people.endpoint'],
    question: 'under which endpoint the certificate is recorded',
    ask: async (endpoint) =>
      (await told({ ...PEOPLE, endpoint }, ['issue', await newUser()])).certificates.map((each) => each.endpoint),
    answers: { people: ['people'], '/plain': ['/plain'] },
  },
  {
    keys: ['pfx.people.purposes'],
    question: 'what keys are made for',
    ask: async (which) => {
      const people = { ...PEOPLE, ...(which !== '' && { purposes: which.split(' ') }) };
      return (await told(people, ['issue', await newUser()])).made.map(({ purpose }) => purpose).toSorted();
    },
    answers: {
      '': ['smimeEncryption'],
      signing: ['smimeSigning'],
      'encryption signing': ['smimeEncryption', 'smimeSigning'],
    },
  },
  {
    keys: ['pfx.people.renewAt'],
    question: 'whether a key of which 30 percent are left gets a successor',
    ask: async (percent) => {
      const people = { ...PEOPLE, ...(percent !== '' && { renewAt: Number(percent) }) };
      return /successors wanted: \d/.exec((await told(people, ['renew'], [await ofUser(30)])).out)?.[0];
    },
    answers: { '': 'successors wanted: 0', 31: 'successors wanted: 1', 29: 'successors wanted: 0' },
  },
  {
    keys: ['pfx.people.alarmAt'],
    question: 'whether it is told that 10 percent are left without a successor',
    ask: async (percent) => {
      const people = { ...PEOPLE, renewAt: 1, ...(percent !== '' && { alarmAt: Number(percent) }) };
      return (await told(people, ['renew'], [await ofUser(10)])).err.split(':')[0];
    },
    answers: { '': '', 9: '', 11: 'ends soon without a successor' },
  },
  {
    keys: ['pfx.people.overlap'],
    question: 'whether a key for signing leaves Intune whose successor was imported five days ago',
    ask: async (overlap) => {
      const newest = await ofUser(90, 5);
      const old = { ...newest, ...imported(newest.userPrincipalName, { left: 15 }), userId: newest.userId! };
      const people = { ...PEOPLE, ...(overlap !== '' && { overlap }) };
      return /old keys taken out: \d/.exec((await told(people, ['renew'], [newest, old])).out)?.[0];
    },
    answers: { '': 'old keys taken out: 0', '6d': 'old keys taken out: 0', '4d': 'old keys taken out: 1' },
  },
  {
    keys: ['pfx.people.mostGone'],
    question: 'what becomes of three keys whose users are not in the directory',
    ask: async (most) => {
      const people = { ...PEOPLE, ...(most !== '' && { mostGone: Number(most) }) };
      const gone = [1, 2, 3].map((each) => imported(`gone-${each}@contoso.example`, { left: 90 }));
      const { out } = await told(people, ['renew'], gone);
      return out.split('\n')[0];
    },
    answers: { '': 'users who have gone: 3', 3: 'users who have gone: 3', 2: 'users who have gone: 0' },
  },
];
