/** A running server tells what happens: by a signed webhook and by mail, again until it is accepted. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { startServer } from '../../src/app/configured-server.ts';
import { createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { context, DAY, device } from '../app/watch-under-test.ts';
import { installed } from '../app/installation.ts';
import { until } from '../kit/until.ts';
import { hook, mailServer } from './told.ts';

const SECRET = '0123456789abcdef-hook';
const QUICK = { logLevel: 'silent', workers: 1, watchEvery: 20 };

test('a webhook is told of a certificate and of refusals, signed as the webhook of a policy is, and again after an error', async (t) => {
  const { url: to, got, of, answer } = await hook(t);
  const messages = { refusedEvery: '1s', webhooks: { ops: { url: to, secret: SECRET } } };
  const { config, challenge } = await installed(t, (text) => `${text}\n${stringify({ messages })}`);
  const server = await startServer(config, QUICK);
  t.after(() => server.close());
  const url = server.urls[0]!;
  answer.status = 503;
  assert.equal((await enroll(await discover(url, context), device(challenge), context)).status, 'success');
  const [failed] = await until(() => of('issued').length > 0 && of('issued'), 'the first attempt');
  answer.status = 200;
  const { store } = server.desk();
  await until(async () => (await store.retryMessages('all')) > 0, 'a message that waits');
  const [, issued] = await until(() => of('issued').length > 1 && of('issued'), 'the second attempt');
  assert.deepEqual({ ...issued, timestamp: '' }, { ...failed, timestamp: '' });
  const [recorded] = await store.listCertificates({});
  assert.deepEqual(
    { ...issued, timestamp: '', at: '', transactionId: '', messageId: 0 },
    {
      version: 1,
      event: 'issued',
      timestamp: '',
      at: '',
      transactionId: '',
      certificate: {
        endpoint: '/certsrv/mscep/mscep.dll',
        subject: 'CN=device',
        serial: recorded?.serial,
        issuer: 'CN=Test Issuing CA',
        thumbprint: recorded?.thumbprint,
        notAfter: recorded?.notAfter.toISOString(),
      },
      messageId: 0,
    },
  );
  await until(
    async () => (await store.listMessages({ kind: 'issued', limit: 9 }))[0]?.state === 'delivered',
    'a message that is delivered',
  );
  for (const each of [1, 2]) assert.ok(each && (await enroll(await discover(url, context), device('wrong'), context)));
  const refused = await until(() => {
    const all = of('refused') as { number: number; causes: object[] }[];
    return all.reduce((sum, { number }) => sum + number, 0) === 2 && all;
  }, 'two refusals');
  assert.deepEqual(Object.keys(refused[0]?.causes[0] ?? {}), ['endpoint', 'code', 'number', 'remedy']);
  for (const { headers, body } of got) {
    const [, t, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['openndes-signature'])) ?? [];
    assert.equal(v1, createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex'));
    assert.ok(!body.includes(challenge) && !body.includes(SECRET), body);
  }
});

test('a mail says that something is wrong and what to do, and another one that it is over', async (t) => {
  const { port, mails } = await mailServer(t);
  const to = { host: '127.0.0.1', port, tls: 'off', from: 'openndes@example.com', to: ['pki@example.com'] };
  const { folder, config } = await installed(
    t,
    (text) =>
      `${text.replace(/^ +policy: \{ static.*$/m, '$&\n    renewal: { from: [old-ca.pem] }')}\n${stringify({ messages: { mail: to } })}`,
  );
  const key = generateKey('p256');
  const plan = { subject: 'CN=Old', key, validity: 10 * DAY, backdate: 0, clock: systemClock, random: systemRandom };
  writeFileSync(join(folder, 'old-ca.pem'), certificatePem(await createRoot(plan)));
  const server = await startServer(config, QUICK);
  t.after(() => server.close());
  const mail = await until(() => mails[0], 'a mail');
  assert.match(mail, /^Subject: openndes: warning: endpoint \/certsrv\/mscep\/mscep\.dll: earlier CA/m);
  assert.match(mail, /What to do: Renew it and reload the server\./);
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^ +renewal: .*$/m, ''));
  await server.reload();
  assert.match(await until(() => mails[1], 'a second mail'), /^Subject: openndes: over: endpoint/m);
});

test('a request that waits for approval is told once', async (t) => {
  const { url: to, of } = await hook(t);
  const messages = { webhooks: { ops: { url: to, secret: SECRET, kinds: ['waiting'] } } };
  const { config, challenge } = await installed(
    t,
    (text) => `${text.replace(/policy: \{ static.*$/m, '$&\n    approval: manual')}\n${stringify({ messages })}`,
  );
  const server = await startServer(config, QUICK);
  t.after(() => server.close());
  assert.equal((await enroll(await discover(server.urls[0]!, context), device(challenge), context)).status, 'pending');
  const [waiting] = await until(() => of('waiting').length > 0 && of('waiting'), 'a message');
  const [pending] = await server.desk().store.listPending();
  assert.deepEqual([waiting?.['endpoint'], waiting?.['transactionId']], [pending?.endpoint, pending?.transactionId]);
  assert.equal((await server.desk().store.listMessages({ limit: 9 })).length, 1);
});
