/** The webhook: what a real HTTP service receives, and the decision for each answer. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import type { Decision } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { ConfigError, Refusal } from '../../src/core/errors.ts';
import type { SuccessNotification } from '../../src/core/notification.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { httpPost, type Post, WebhookUnreachable } from '../../src/policy/post.ts';
import { readVerdict } from '../../src/policy/webhook-message.ts';
import { webhookPolicy, type WebhookPolicyOptions } from '../../src/policy/webhook.ts';

const NOW = new Date('2026-03-04T05:06:07.890Z');
const SECRET = Buffer.from('a secret of the webhook, 32 oct.').toString('base64');
const CHALLENGE = 'short-but-secret';
const never = new AbortController().signal;

const REQUEST: EnrollmentRequest = {
  endpoint: '/scep/lab',
  transactionId: 'T1',
  csr: {
    der: Uint8Array.of(0x30, 1, 2),
    subject: Uint8Array.of(0x30, 0),
    subjectText: 'CN=device',
    spki: Uint8Array.of(0x30, 3),
    key: { type: 'rsa', bits: 2048 },
    challenge: CHALLENGE,
    extensions: [
      subjectAltName(['dns:device.example.com', 'upn:a@example.com'].map(generalNameFromText)),
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.2.3.4']),
    ],
  },
  signerSpki: Uint8Array.of(),
  requestKey: '',
};
const NOTICE: SuccessNotification = {
  kind: 'success',
  endpoint: '/scep/lab',
  transactionId: 'T1',
  csr: Uint8Array.of(0x30, 1, 2),
  thumbprint: 'AA',
  serial: '01',
  notAfter: new Date('2027-03-04T05:06:07.000Z'),
  issuer: 'CN=CA',
};

const json = (text: string): unknown => JSON.parse(text);

type Answering = Parameters<RequestListener>[1];
type Received = { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders; body: string };

/** A service on loopback that records what it receives and gives the answer of the test. */
async function service(t: TestContext, answer: RequestListener) {
  const received: Received[] = [];
  const receive = async (request: IncomingMessage, response: Answering): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    answer(request, response);
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/decide`, received };
}

const answers =
  (text: string, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(text);

function policyAt(t: TestContext, url: string, options: Partial<WebhookPolicyOptions> = {}, timeout = 10_000) {
  const { post, close } = httpPost({ timeout });
  t.after(close);
  return webhookPolicy({
    url,
    secret: SECRET,
    notify: 'none',
    onUnreachable: 'pending',
    post,
    clock: () => NOW,
    ...options,
  });
}

const asked = async (t: TestContext, answer: RequestListener, options: Partial<WebhookPolicyOptions> = {}) => {
  const { url, received } = await service(t, answer);
  const decision = await policyAt(t, url, options).decide(REQUEST, never);
  return { decision, received: received[0]! };
};

test('the service receives the request with everything that docs/webhook.md names', async (t) => {
  const { received } = await asked(t, answers('{"decision":"allow"}'));
  assert.deepEqual(
    [received.method, received.url, received.headers['content-type']],
    ['POST', '/decide', 'application/json'],
  );
  assert.deepEqual(json(received.body), {
    version: 1,
    event: 'request',
    timestamp: '2026-03-04T05:06:07.890Z',
    endpoint: '/scep/lab',
    scepTransactionID: 'T1',
    scepChallenge: CHALLENGE,
    subject: 'CN=device',
    subjectAltName: [
      { type: 'dns', text: 'device.example.com' },
      { type: 'otherName', text: 'a@example.com' },
    ],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['clientAuth', '1.2.3.4'],
    key: { type: 'rsa', bits: 2048 },
    x509CertificateRequest: { raw: 'MAEC', publicKey: 'MAM=', publicKeyAlgorithm: 'RSA' },
  });
});

test('a renewal has the certificate that it renews', async (t) => {
  const { url, received } = await service(t, answers('{"allow":true}'));
  await policyAt(t, url).decide({ ...REQUEST, renews: { serial: '0a', certificate: Uint8Array.of(1) } }, never);
  assert.deepEqual((json(received[0]!.body) as { renews: unknown }).renews, { serial: '0a', certificate: 'AQ==' });
});

test('the signature is over time and body, with the text of the secret as its key', async (t) => {
  const { received } = await asked(t, answers('{"allow":true}'));
  const seconds = Math.floor(NOW.getTime() / 1000);
  const expected = createHmac('sha256', SECRET).update(`${seconds}.${received.body}`).digest('hex');
  assert.equal(received.headers['openndes-signature'], `t=${seconds},v1=${expected}`);
  assert.equal(received.headers['x-smallstep-signature'], undefined);
});

test('a service written for step-ca finds its ID, its signature and its fields', async (t) => {
  const { received } = await asked(t, answers('{"allow":true,"data":{}}'), { stepCaId: 'webhook-1' });
  assert.equal(received.headers['x-smallstep-webhook-id'], 'webhook-1');
  const expected = createHmac('sha256', Buffer.from(SECRET, 'base64')).update(received.body).digest('hex');
  assert.equal(received.headers['x-smallstep-signature'], expected);
  const body = json(received.body) as {
    scepChallenge: string;
    scepTransactionID: string;
    x509CertificateRequest: { raw: string };
  };
  assert.deepEqual(
    [body.scepChallenge, body.scepTransactionID, body.x509CertificateRequest.raw],
    [CHALLENGE, 'T1', 'MAEC'],
  );
});

const CLEAR: readonly [string, Decision][] = [
  ['{"allow":true}', { kind: 'allow', notify: 'none', facts: {} }],
  ['{"decision":"allow","reason":"known"}', { kind: 'allow', notify: 'none', facts: { webhookReason: 'known' } }],
  ['{"allow":false}', { kind: 'deny', code: 'policy_denied', detail: 'the webhook denied the request: no reason' }],
  [
    '{"decision":"deny","reason":"left"}',
    { kind: 'deny', code: 'policy_denied', detail: 'the webhook denied the request: left' },
  ],
  [
    '{"decision":"pend","reason":"wait"}',
    { kind: 'pend', reason: 'undecided', detail: 'the webhook has not decided yet: wait' },
  ],
  [
    '{"decision":"deny","allow":false}',
    { kind: 'deny', code: 'policy_denied', detail: 'the webhook denied the request: no reason' },
  ],
];
for (const [text, expected] of CLEAR)
  test(`${text} is ${expected.kind}`, async (t) =>
    assert.deepEqual((await asked(t, answers(text))).decision, expected));

const YES = '{"allow":true}';
const UNCLEAR: Readonly<Record<string, RequestListener>> = {
  'an empty body': answers(''),
  'no JSON': answers('allow'),
  null: answers('null'),
  'a bare true': answers('true'),
  'allow as text': answers('{"allow":"true"}'),
  'allow as a number': answers('{"allow":1}'),
  'a list': answers('[{"allow":true}]'),
  'another word': answers('{"decision":"Allow"}'),
  'a contradiction': answers('{"decision":"deny","allow":true}'),
  'the other contradiction': answers('{"decision":"allow","allow":false}'),
  'pend and allow': answers('{"decision":"pend","allow":true}'),
  'a yes with 201': answers(YES, 201),
  'a yes with 401': answers(YES, 401),
  'a yes with 500': answers(YES, 500),
  'a redirect': answers(YES, 307, { location: '/elsewhere' }),
  'more than 64 KiB': answers(`{"allow":true,"reason":"${'x'.repeat(70_000)}"}`),
  'a connection that breaks': (_request, response) => void response.destroy(),
  'half an answer': (_request, response) => {
    response.writeHead(200, { 'content-length': '14' });
    response.write('{"allow"', () => response.destroy());
  },
};
for (const [what, answer] of Object.entries(UNCLEAR))
  test(`${what} does not allow: pending or refused, as configured`, async (t) => {
    const { url, received } = await service(t, answer);
    const pend = await policyAt(t, url).decide(REQUEST, never);
    assert.ok(pend.kind === 'pend' && pend.reason === 'unreachable', JSON.stringify(pend));
    assert.match(pend.detail, /^127\.0\.0\.1:\d+ /);
    const deny = await policyAt(t, url, { onUnreachable: 'fail' }).decide(REQUEST, never);
    assert.ok(deny.kind === 'deny' && deny.code === 'policy_unreachable', JSON.stringify(deny));
    assert.deepEqual(
      received.map((each) => each.url),
      ['/decide', '/decide'],
    );
  });

for (const [status, kind] of Object.entries({
  // Not set up, not known to it, slow, or throttled: nothing is said about the request.
  401: 'pend',
  403: 'pend',
  404: 'pend',
  407: 'pend',
  408: 'pend',
  410: 'pend',
  429: 'pend',
  // About the request: a client that sends one that is too long cannot make the service "unreachable".
  400: 'deny',
  411: 'deny',
  413: 'deny',
  414: 'deny',
  415: 'deny',
  422: 'deny',
  431: 'deny',
  451: 'deny',
}))
  test(`HTTP ${status} is a ${kind}, whatever its body says`, async (t) => {
    const { url } = await service(t, answers(YES, Number(status)));
    const decision = await policyAt(t, url).decide(REQUEST, never);
    assert.equal(decision.kind, kind);
    if (decision.kind === 'deny')
      assert.deepEqual([decision.code, decision.facts], ['policy_denied', { webhookStatus: status }]);
  });

test('the log has the HTTP status of an unclear answer, pending and refused', async (t) => {
  const { url } = await service(t, answers('{}', 503));
  for (const onUnreachable of ['pending', 'fail'] as const) {
    const { facts } = await policyAt(t, url, { onUnreachable }).decide(REQUEST, never);
    assert.deepEqual(facts, { webhookStatus: '503' });
  }
});

test('for any JSON body, only a clear allow allows', () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const clear = typeof value === 'object' && value !== null && !Array.isArray(value);
      const { allow, decision } = (clear ? value : {}) as Record<string, unknown>;
      const yes =
        (decision === undefined && allow === true) ||
        (decision === 'allow' && [undefined, true].includes(allow as never));
      assert.equal(readVerdict(JSON.stringify(value))?.verdict === 'allow', yes);
    }),
  ));

test('a service that does not answer in time is unreachable', async (t) => {
  const { url } = await service(t, () => undefined);
  const decision = await policyAt(t, url, {}, 20).decide(REQUEST, never);
  assert.ok(
    decision.kind === 'pend' && decision.detail.endsWith('gave no answer within 20 ms'),
    JSON.stringify(decision),
  );
});

test('a refused connection is unreachable, with the code of the system', async (t) => {
  const decision = await policyAt(t, 'http://127.0.0.1:1/').decide(REQUEST, never);
  assert.ok(decision.kind === 'pend' && decision.detail.includes('ECONNREFUSED'), JSON.stringify(decision));
});

test('an abort by the caller is not taken for an answer of the service', async (t) => {
  const { url } = await service(t, () => undefined);
  await assert.rejects(
    async () => policyAt(t, url).decide(REQUEST, AbortSignal.abort(new Error('gave up'))),
    /gave up/,
  );
});

test('S07 a service that echoes the challenge puts it into no decision, also where the reason is cut', async (t) => {
  for (const word of ['allow', 'deny', 'pend']) {
    const reason = `${'.'.repeat(290)}${CHALLENGE} again ${CHALLENGE}`;
    const { decision } = await asked(t, answers(JSON.stringify({ decision: word, reason })));
    assert.ok(!JSON.stringify(decision).includes(CHALLENGE.slice(0, 5)), JSON.stringify(decision));
  }
});

test('the log has the first 300 characters of a reason', async (t) => {
  const reason = 'x'.repeat(301);
  const { decision } = await asked(t, answers(JSON.stringify({ decision: 'allow', reason })));
  assert.deepEqual(decision.facts, { webhookReason: 'x'.repeat(300) });
});

test('a reply of 64 KiB is read, and one octet more is not', async (t) => {
  const padded = (octets: number) => answers(YES.padEnd(octets));
  const longest = await asked(t, padded(65_536));
  assert.equal(longest.decision.kind, 'allow');
  const longer = await asked(t, padded(65_537));
  assert.ok(longer.decision.kind === 'pend' && longer.decision.reason === 'unreachable');
  assert.match(longer.decision.detail, /answered with more than 65536 octets$/);
});

test('a service that denies, or has not decided yet, without a reason', async (t) => {
  const denied = await asked(t, answers('{"decision":"deny"}'));
  assert.deepEqual(denied.decision, {
    kind: 'deny',
    code: 'policy_denied',
    detail: 'the webhook denied the request: no reason',
  });
  const later = await asked(t, answers('{"decision":"pend"}'));
  assert.deepEqual(later.decision, {
    kind: 'pend',
    reason: 'undecided',
    detail: 'the webhook has not decided yet: no reason',
  });
});

test('a request with an extension that cannot be read is refused without asking', async (t) => {
  const { url, received } = await service(t, answers(YES));
  const extensions = [{ oid: '2.5.29.17', critical: false, value: Uint8Array.of(0x30, 0) }];
  const decision = await policyAt(t, url).decide({ ...REQUEST, csr: { ...REQUEST.csr, extensions } }, never);
  assert.ok(decision.kind === 'deny' && decision.code === 'request_refused');
  assert.deepEqual(received, []);
});

test('with notify the service is sent what was issued and what failed', async (t) => {
  const { url, received } = await service(t, answers('', 204));
  const policy = policyAt(t, url, { notify: 'outbox' });
  assert.deepEqual(await policy.notify?.(NOTICE, never), { webhookStatus: '204' });
  const { kind: _kind, thumbprint: _t, serial: _s, notAfter: _n, issuer: _i, ...rest } = NOTICE;
  await policy.notify?.({ ...rest, kind: 'failure', hresult: -5, description: 'no CA' }, never);
  const common = {
    version: 1,
    timestamp: NOW.toISOString(),
    endpoint: '/scep/lab',
    scepTransactionID: 'T1',
    x509CertificateRequest: { raw: 'MAEC' },
  };
  assert.deepEqual(
    received.map(({ body }) => json(body)),
    [
      {
        ...common,
        event: 'issued',
        certificate: { serial: '01', thumbprint: 'AA', issuer: 'CN=CA', notAfter: '2027-03-04T05:06:07.000Z' },
      },
      { ...common, event: 'failed', scepErrorCode: -5, scepErrorDescription: 'no CA' },
    ],
  );
});

test('a notification that is not accepted is an error, so it is sent again', async (t) => {
  const { url } = await service(t, answers('', 503));
  for (const at of [url, 'http://127.0.0.1:1/'])
    await assert.rejects(
      async () => policyAt(t, at, { notify: 'strict' }).notify?.(NOTICE, never),
      (error) => error instanceof Refusal && error.code === 'notification_failed',
    );
});

test('notify none: no notification is possible; otherwise an allow asks for one', async (t) => {
  const { url } = await service(t, answers(YES));
  assert.ok(!('notify' in policyAt(t, url)));
  const decision = await policyAt(t, url, { notify: 'outbox' }).decide(REQUEST, never);
  assert.equal(decision.kind === 'allow' && decision.notify, 'outbox');
});

test('a programming error is not taken for an unreachable service', async () => {
  const post: Post = async () => Promise.reject(new TypeError('a mistake'));
  const policy = webhookPolicy({
    url: 'https://a.example',
    secret: SECRET,
    notify: 'outbox',
    onUnreachable: 'pending',
    post,
    clock: () => NOW,
  });
  await assert.rejects(async () => policy.decide(REQUEST, never), TypeError);
  await assert.rejects(async () => policy.notify?.(NOTICE, never), TypeError);
  assert.ok(!(new TypeError('x') instanceof WebhookUnreachable));
});

const made = (options: Partial<WebhookPolicyOptions>) =>
  webhookPolicy({
    url: 'https://a.example/x',
    secret: SECRET,
    notify: 'none',
    onUnreachable: 'fail',
    post: async () => ({ status: 200, text: '' }),
    clock: () => NOW,
    ...options,
  });

for (const url of [
  'http://a.example/',
  'http://localhost.example/',
  'http://127.0.0.1.example/',
  'http://not-localhost/',
  'http://127.0.0.1.localhost/',
  'ftp://a.example/',
  'nothing',
  'https://user:hunter2@a.example/',
])
  test(`${url} is refused, and its password is not repeated`, () => {
    assert.throws(
      () => made({ url }),
      (error) => error instanceof ConfigError && !`${error.message}${error.remedy}`.includes('hunter2'),
    );
  });

for (const url of [
  'http://localhost:1/',
  'http://127.0.0.1/',
  'http://127.9.9.9/',
  'http://[::1]:8/',
  'https://a.example/',
])
  test(`${url} is accepted`, () => assert.equal(made({ url }).name, 'webhook'));

test('plain HTTP to another machine is accepted with allowHttp', () => {
  assert.equal(made({ url: 'http://a.example/', allowHttp: true }).name, 'webhook');
});

test('a short secret, and a step-ca secret that is not base64, are refused and not repeated', () => {
  for (const options of [{ secret: 'short-secret' }, { secret: 'not base64, but long', stepCaId: 'x' }])
    assert.throws(
      () => made(options),
      (error) => error instanceof ConfigError && !`${error.message}${error.remedy}`.includes(options.secret),
    );
});
