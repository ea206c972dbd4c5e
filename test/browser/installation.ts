/** A started server with pages, a user for each role, and a store whose every text from outside is an attack. */
import { foldedName } from '../../src/core/attempt-store.ts';
import type { Store } from '../../src/core/store.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { addBlock } from '../../src/manage/block-list.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { SAMPLE_ESCROW, userKey } from '../kit/user-keys.ts';
import { recordOrder } from '../kit/waiting-order.ts';
import { recordWaiting } from '../kit/waiting-request.ts';
import { enrolled } from '../wiring/device.ts';
import { peopleSections } from '../wiring/people-sections.ts';
import { configured } from '../wiring/server.ts';
import { login, user } from '../wiring/operators.ts';

/** What a person who does not escape would run. */
export const EVIL = '<img src=x onerror="window.hit=1">';

/** The users, each with the role of its name. */
export const ROLES = ['viewer', 'operator', 'auditor', 'admin'] as const;

/** The cookie of a new session of this user. A code counts once, so a session is shared by those who only look. */
export type Installation = {
  url: string;
  /** Without a slash at its end: that of the endpoints. */
  origin: string;
  store: Store;
  cookies: ReadonlyMap<(typeof ROLES)[number], string>;
  /** The names that are blocked now. */
  blocked: () => Promise<string[]>;
  close: () => Promise<void>;
};

/** Starts and fills it. `admin`, `sections`: what the configuration has besides. */
export async function installation(admin: object = {}, sections: object = {}): Promise<Installation> {
  const users = Object.fromEntries(ROLES.map((role) => [role, user(role)]));
  const config = configured({
    ...(await peopleSections('of the browser', '/plain')),
    ...sections,
    admin: { host: '127.0.0.1', port: 0, users, ...admin },
    endpoints: [
      { path: '/plain', policy: { static: 'a-challenge-of-the-wiring' } },
      { path: '/once', policy: { oneTime: {} } },
    ],
  });
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  const { store, clock } = server.desk();
  const origin = new URL(server.urls[0] ?? '').origin;
  await enrolled(`${origin}/plain`, {
    subject: `CN=${EVIL}`,
    extensions: [subjectAltName([generalNameFromText(`dns:device-1.example.com`), generalNameFromText(`upn:${EVIL}`)])],
  });
  await recordWaiting(store, 1, {
    subject: `CN=${EVIL}`,
    san: [`upn:${EVIL}`],
    transactionId: EVIL,
    endpoint: '/plain',
  });
  await recordWaiting(store, 2, { subject: 'CN=harmless', endpoint: '/plain' });
  const actor = { kind: 'person', name: EVIL } as const;
  await addBlock({ store, clock, actor, source: 'cli' }, `user:${foldedName(EVIL)}`, { comment: EVIL });
  await recordOrder(store, 1, { transactionId: EVIL, endpoint: '/plain' });
  await store.addUserKey(userKey('key-1', { userPrincipalName: EVIL, escrow: SAMPLE_ESCROW }));
  await store.changeUserKey('key-1', 'imported', { fault: EVIL });
  await store.recordAttempts([attempt(clock())]);
  const cookies = new Map<(typeof ROLES)[number], string>();
  for (const role of ROLES) cookies.set(role, (await login(server.adminUrl ?? '', role)).cookie);
  const blocked = async () => (await store.listBlocks()).map(({ name }) => name);
  const url = server.adminUrl ?? '';
  return { url, origin, store, cookies, blocked, close: () => server.close() };
}

/** A refused request of a device whose every text is an attack. */
const attempt = (at: Date) => ({
  at,
  times: 1,
  ms: 12,
  endpoint: '/plain',
  operation: 'PKIOperation',
  outcome: 'refused' as const,
  messageType: 'PKCSReq',
  transactionId: EVIL,
  code: 'intune_denied',
  detail: `Intune says: ${EVIL}`,
  intuneCode: EVIL,
  address: '192.0.2.7',
  userAgent: EVIL,
  subject: `CN=${EVIL}`,
  names: [{ kind: 'cn' as const, value: EVIL }],
});
