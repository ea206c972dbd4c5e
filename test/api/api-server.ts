/** A started server with certificates, requests that wait and a tenant, and a token for each role. */
import { ROLES } from '../../src/core/access.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { rsaKey } from '../kit/keys.ts';
import { recordOrder } from '../kit/waiting-order.ts';
import { userKey } from '../kit/user-keys.ts';
import { certified, deviceKey, enrolled } from '../wiring/device.ts';
import { hashOfToken } from '../wiring/operators.ts';
import { CHALLENGE, configured, type Running, started } from '../wiring/server.ts';
import { peopleSections } from '../wiring/people-sections.ts';

/** The server, and a certification request in base64. */
export async function apiServer(): Promise<{ running: Running; pkcs10: string }> {
  const tokens = Object.fromEntries(ROLES.map((role) => [role, { hash: hashOfToken(role), role }]));
  const running = await started(
    configured({
      admin: { port: 0, tokens },
      messages: {
        webhooks: {
          ops: {
            url: 'http://127.0.0.1:9/',
            secret: '0123456789abcdef0123456789abcdef',
            kinds: ['issued'],
            allowHttp: true,
          },
        },
      },
      ...(await peopleSections('of the API', '/plain')),
      endpoints: [
        { path: '/plain', policy: { static: CHALLENGE } },
        { path: '/manual', policy: { static: CHALLENGE }, approval: 'manual' },
        { path: '/once', policy: { oneTime: {} } },
        { path: '/intune', policy: { intune: 'contoso' } },
      ],
    }),
  );
  for (const name of ['many-1', 'many-2', 'one']) await certified(running.url('/plain'), { subject: `CN=${name}` });
  for (const name of ['wait-1', 'wait-2'])
    await enrolled(running.url('/manual'), { subject: `CN=${name}`, key: rsaKey(name) });
  await running.desk().store.addUserKey(userKey('key-1'));
  await recordOrder(running.desk().store, 1);
  const csr = await writeCertificationRequest({ subject: nameFromText('CN=asked'), challenge: CHALLENGE }, deviceKey);
  return { running, pkcs10: Buffer.from(csr).toString('base64') };
}
