/** Paths, operations, messages in every dialect, and the exact headers that go back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { staticPolicy } from '../../src/policy/static.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, clientFor } from '../kit/pki.ts';
import { CHALLENGE, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { endpointUnderTest, read, refusalIn } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';
import { assertIssued, BASE64, lab, MESSAGE, operation, PATH, served } from './server-under-test.ts';

const CAPABILITIES = 'POSTPKIOperation\nRenewal\nAES\nSHA-256\nSHA-512\nSHA-384\nSCEPStandard';
const lines = (text: string): string[] => text.split('\n').toSorted();

const FOLDERS = ['/certsrv/mscep/mscep.dll', '/certsrv/mscep', '/certsrv/mscep_admin/mscep.dll', '/cgi-bin'];
const APPENDED = ['', '/', '/pkiclient.exe', '/pkiclient.exe/', '/pkiclient.exe/pkiclient.exe', '/PKIClient.EXE'];
const VARIANTS = FOLDERS.flatMap((folder) =>
  APPENDED.flatMap((appended) => {
    const path = folder + appended;
    return [path, path.toUpperCase(), path.replaceAll('/', '//'), path.replace('mscep.dll', '%6Dscep.DLL')];
  }),
);

test('H01 GetCACaps is byte-identical at every path that clients make of the administrator’s', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const path of new Set(VARIANTS)) {
    const { statusCode, body } = await app.inject(`${path}?operation=GetCACaps`);
    assert.equal(statusCode, 200, path);
    assert.deepEqual(lines(body), lines(CAPABILITIES), path);
  }
});

test('H01 PKIOperation is served at every path too', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const url of new Set(VARIANTS)) {
    const { statusCode, rawPayload } = await app.inject({ method: 'POST', url, payload: Buffer.from(MESSAGE) });
    assert.equal(statusCode, 200, url);
    await assertIssued(rawPayload);
  }
});

test('H01 /cgi-bin/pkiclient.exe leads to the only endpoint, and to none of two', async (t) => {
  const at = (path: string) => endpointUnderTest(staticPolicy({ challenge: CHALLENGE }), { path });
  const status = async (app: FastifyInstance, url: string) =>
    (await app.inject(`${url}?operation=GetCACaps`)).statusCode;
  const one = (await served(t, [await at('/scep/lab')])).app;
  const two = (await served(t, [await at('/scep/lab'), await at('/scep/wifi')])).app;
  for (const url of ['/cgi-bin/pkiclient.exe', '/cgi-bin/PKICLIENT.EXE/', '/cgi-bin'])
    assert.deepEqual([await status(one, url), await status(two, url)], [200, 404], url);
  assert.equal(await status(one, '/certsrv/mscep/mscep.dll'), 404);
});

test('H21 OPTIONS, as load balancers send it, is 204 with the methods; elsewhere it is 404', async (t) => {
  const { app } = await served(t, [await lab()], { crls: new Map([['issuing', async () => Buffer.of(0)]]) });
  const asked = async (url: string) => {
    const { statusCode, headers, body } = await app.inject({ method: 'OPTIONS', url });
    return [statusCode, headers['allow'], body];
  };
  for (const url of [PATH, `${PATH}/pkiclient.exe`, '/cgi-bin/pkiclient.exe', `${PATH}?operation=PKIOperation`])
    assert.deepEqual(await asked(url), [204, 'GET, HEAD, POST, OPTIONS', ''], url);
  for (const url of ['/', '/healthz', '/readyz', '/crl/issuing.crl'])
    assert.deepEqual(await asked(url), [204, 'GET, HEAD, OPTIONS', ''], url);
  for (const url of ['/elsewhere', `${PATH}/elsewhere`, '/crl/other.crl'])
    assert.deepEqual(await asked(url), [404, undefined, 'not found'], url);
});

test('paths that only look alike are not found: 404, text/plain, also for POST of any type', async (t) => {
  const { app } = await served(t, [await lab()]);
  const paths = ['/certsrv', '/certsrv/mscep/other.dll', `${PATH}x`, `${PATH}/other`, '/pkiclient.exe', '/a?b=%'];
  for (const url of paths)
    for (const method of ['GET', 'POST'] as const) {
      const headers = method === 'POST' ? { 'content-type': 'application/x-pki-message' } : {};
      const response = await app.inject({ method, url, headers, ...(method === 'POST' && { payload: 'x' }) });
      assert.deepEqual(
        [response.statusCode, response.headers['content-type'], response.body],
        [404, 'text/plain', 'not found'],
        `${method} ${url}`,
      );
    }
});

test('a malformed path is refused with plain text', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const url of ['/%ff', '/certsrv/%zz', `${PATH}/%zz?operation=GetCACaps`, `${PATH}/${'a'.repeat(5000)}`]) {
    const { statusCode, headers, body } = await app.inject(url);
    assert.ok(statusCode === 400 || statusCode === 404, `${url.slice(0, 60)} ${statusCode}`);
    assert.equal(headers['content-type'], 'text/plain');
    assert.ok(['bad request', 'not found'].includes(body), body.slice(0, 60));
  }
});

test('H02 operation names in any letter case, and the parameter names too', async (t) => {
  const { app } = await served(t, [await lab()]);
  const canonical = await Promise.all(['GetCACaps', 'GetCACert'].map((name) => app.inject(operation(name))));
  for (const [i, names] of [
    ['getcacaps', 'GETCACAPS', 'gEtCaCaPs'],
    ['getcacert', 'GETCACERT'],
  ].entries())
    for (const name of names)
      for (const parameter of ['operation', 'OPERATION', 'Operation']) {
        const { statusCode, rawPayload } = await app.inject(`${PATH}?${parameter}=${name}`);
        assert.equal(statusCode, 200);
        assert.deepEqual(rawPayload, canonical[i]!.rawPayload);
      }
  const { statusCode, rawPayload } = await app.inject(
    `${PATH}?Operation=pkioperation&MESSAGE=${encodeURIComponent(BASE64)}`,
  );
  assert.equal(statusCode, 200);
  await assertIssued(rawPayload);
});

test('H03 the message of GetCACert and GetCACaps is ignored', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const name of ['GetCACert', 'GetCACaps']) {
    const canonical = await app.inject(operation(name));
    for (const message of ['', 'default', 'CAIdentifier', '0', '1', 'x'.repeat(300), '%', '%00', '%zz&&=&'])
      assert.deepEqual((await app.inject(operation(name, message))).rawPayload, canonical.rawPayload, message);
  }
});

const posted = { method: 'POST', url: operation('PKIOperation'), payload: Buffer.from(MESSAGE) } as const;

test('H06 a POST is served with any Content-Type, none, and malformed ones', async (t) => {
  const { app } = await served(t, [await lab()]);
  const types = [
    'application/octet-stream',
    'application/x-pki-message',
    'application/x-www-form-urlencoded',
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain; charset=utf-8',
    '',
    ' ',
    ';',
    'nonsense',
    'a/b/c',
    'application/json; charset',
    `x/${'y'.repeat(1000)}`,
  ];
  for (const type of [undefined, ...types]) {
    const response = await app.inject({ ...posted, headers: type === undefined ? {} : { 'content-type': type } });
    assert.equal(response.statusCode, 200, type);
    await assertIssued(response.rawPayload);
  }
});

test('H07 a POST is a PKIOperation whatever the query says', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const query of [
    '',
    '?',
    '?operation=',
    '?operation=Foo',
    '?operation=GetCACert',
    '?x=y&operation=PKIOperation&z',
    '?message=AA%',
  ]) {
    const { statusCode, rawPayload } = await app.inject({ ...posted, url: PATH + query });
    assert.equal(statusCode, 200, query);
    await assertIssued(rawPayload);
  }
});

const wrapped = (separator: string): string => BASE64.replace(/.{64}/g, `$&${separator}`);
const escaped = encodeURIComponent(BASE64);
const DIALECTS: Readonly<Record<string, string>> = {
  'H08 percent-encoded': escaped,
  'H08 lower-case escapes': escaped.replace(/%../g, (hex) => hex.toLowerCase()),
  'H09 raw + and /': BASE64.replaceAll('=', '%3D'),
  'H09 nothing escaped': BASE64,
  'H09 + turned into %20 by a proxy': BASE64.replaceAll('+', '%20'),
  'H10 %0A each 64 columns': wrapped('%0A').replaceAll('+', '%2B'),
  'H10 %0D%0A each 64 columns': wrapped('%0D%0A').replaceAll('+', '%2B'),
  'H10 %0A at the end too': `${wrapped('%0A')}%0A`,
  'H11 base64url without padding': Buffer.from(MESSAGE).toString('base64url'),
  'H11 standard alphabet without padding': BASE64.replace(/=+$/, ''),
  'H12 encoded twice': encodeURIComponent(escaped),
  'H12 wrapped and encoded twice': encodeURIComponent(encodeURIComponent(wrapped('\n'))),
};
for (const [what, message] of Object.entries(DIALECTS))
  test(`${what}: GET message is understood`, async (t) => {
    const { app } = await served(t, [await lab()]);
    const response = await app.inject(operation('PKIOperation', message));
    assert.equal(response.statusCode, 200, response.body.slice(0, 100));
    await assertIssued(response.rawPayload);
  });

test('the base64 of the test has both characters that dialects differ in', () => {
  assert.match(BASE64, /\+/);
  assert.match(BASE64, /\//);
});

test('H13 a GET of 40 KB, with a challenge of 6 KB and an RSA-4096 key', async (t) => {
  const challenge = 'c'.repeat(6_600);
  const { app } = await served(t, [await endpointUnderTest(staticPolicy({ challenge }))]);
  const key = rsaKey('large', 4096);
  const signer = await clientFor(key);
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge }, key);
  const message = Buffer.from(await requestMessage({ content, signer }));
  // Every character escaped, which is allowed and as long as a query gets.
  const query = Buffer.from(message.toString('base64')).toString('hex').replace(/../g, '%$&');
  assert.ok(query.length > 40 * 1024, String(query.length));
  const response = await app.inject(operation('PKIOperation', query));
  assert.equal(response.statusCode, 200);
  assert.equal((await read({ body: response.rawPayload }, signer)).status, 'success');
});

const PEM = `-----BEGIN PKCS7-----\n${BASE64.replace(/.{64}/g, '$&\n')}\n-----END PKCS7-----\n`;
const BODIES: Readonly<Record<string, Uint8Array | string>> = {
  'H15 base64': BASE64,
  'H15 base64, wrapped': BASE64.replace(/.{64}/g, '$&\r\n'),
  'H15 PEM': PEM,
  'H16 DER with seven octets behind it': Buffer.concat([MESSAGE, Buffer.from('trailer')]),
};
for (const [what, payload] of Object.entries(BODIES))
  test(`${what}: POST body is understood`, async (t) => {
    const { app } = await served(t, [await lab()]);
    const response = await app.inject({ ...posted, payload: Buffer.from(payload) });
    assert.equal(response.statusCode, 200, response.body.slice(0, 100));
    await assertIssued(response.rawPayload);
  });

const badRequest = ({ statusCode, headers, body }: LightMyRequestResponse): void => {
  assert.deepEqual([statusCode, headers['content-type'], body], [400, 'text/plain', 'bad request']);
  assert.equal(headers['cache-control'], 'no-store');
};

const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  nothing: Buffer.alloc(0),
  'random octets': Buffer.from('f3a09c11d2', 'hex'),
  HTML: Buffer.from('<html><body>Sign in</body></html>'),
  'truncated BER': Buffer.from('3080', 'hex'),
  'half a message': MESSAGE.subarray(0, MESSAGE.length / 2),
  'an empty SEQUENCE': Buffer.from('3000', 'hex'),
  'base64 of nothing useful': Buffer.from('AAAA'),
};
for (const [what, payload] of Object.entries(GARBAGE))
  test(`H17 POST ${what}: 400 text/plain without a reason, and the server lives`, async (t) => {
    const { app, log } = await served(t, [await lab()]);
    badRequest(await app.inject({ ...posted, payload: Buffer.from(payload) }));
    assert.match(log.lines[0]!, /"level":30.*message_undecodable/);
    await assertIssued((await app.inject(posted)).rawPayload);
  });

test('H17 GET PKIOperation without message, with an empty one, with garbage: 400', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const message of [undefined, '', '%', '%%%', '<script>', 'AA==BB', '====', 'ü'])
    badRequest(await app.inject(operation('PKIOperation', message && encodeURI(message))));
});

test('H19 an unknown operation on GET, or none: 400 text/plain', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const name of ['Foo', 'GetCACapsX', 'constructor', '__proto__', '%00'])
    badRequest(await app.inject(operation(name)));
});

test('H20 content types are exact and without charset; nothing is cached, compressed or set', async (t) => {
  const { app } = await served(t, [await lab()]);
  const answers = [
    ['text/plain', await app.inject(operation('GetCACaps'))],
    ['application/x-x509-ca-ra-cert', await app.inject(operation('GetCACert'))],
    ['application/x-pki-message', await app.inject(operation('PKIOperation', escaped))],
    ['application/x-pki-message', await app.inject(posted)],
  ] as const;
  for (const [type, { headers, statusCode, rawPayload }] of answers) {
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], type);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['content-length'], String(rawPayload.length));
    for (const name of [
      'set-cookie',
      'location',
      'server',
      'content-encoding',
      'transfer-encoding',
      'www-authenticate',
    ])
      assert.equal(headers[name], undefined, name);
  }
});

test('R03 FAILURE and PENDING are HTTP 200 with the content type of a CertRep', async (t) => {
  const under = await endpointUnderTest(staticPolicy({ challenge: 'another' }));
  const { app } = await served(t, [under]);
  const { statusCode, headers, rawPayload } = await app.inject(posted);
  assert.deepEqual([statusCode, headers['content-type']], [200, 'application/x-pki-message']);
  assert.equal((await read({ body: rawPayload }, client)).status, 'failure');
});

test('H21 HEAD has the headers of GET and no body', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const name of ['GetCACaps', 'GetCACert', 'Foo']) {
    const [get, head] = [await app.inject(operation(name)), await app.inject({ method: 'HEAD', url: operation(name) })];
    assert.equal(head.statusCode, get.statusCode);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.body, '');
  }
});

test('HEAD of a PKIOperation is 400, and nothing is run', async (t) => {
  const under = await lab();
  let runs = 0;
  const service = {
    ...under.service,
    pkiOperation: (message: Uint8Array) => (runs++, under.service.pkiOperation(message)),
  };
  const { app } = await served(t, [{ ...under, service }]);
  const message = encodeURIComponent(BASE64);
  for (const name of ['PKIOperation', 'pkioperation', '%50KIOperation'])
    assert.equal((await app.inject({ method: 'HEAD', url: operation(name, message) })).statusCode, 400);
  assert.equal(runs, 0);
  assert.equal((await app.inject(operation('PKIOperation', message))).statusCode, 200);
  assert.equal(runs, 1);
});

test('H22 GetCACert and GetCACaps under mscep_admin/mscep.dll need no authentication', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const name of ['GetCACert', 'GetCACaps']) {
    const { statusCode, rawPayload } = await app.inject(`/certsrv/mscep_admin/mscep.dll?operation=${name}`);
    assert.equal(statusCode, 200);
    assert.deepEqual(rawPayload, (await app.inject(operation(name))).rawPayload);
  }
});

test('H23 Accept-Encoding gzip gets the body as it is', async (t) => {
  const { app } = await served(t, [await lab()]);
  const headers = { 'accept-encoding': 'gzip, deflate, br, zstd' };
  for (const name of ['GetCACert', 'GetCACaps']) {
    const plain = await app.inject(operation(name));
    const response = await app.inject({ url: operation(name), headers });
    assert.equal(response.headers['content-encoding'], undefined);
    assert.deepEqual(response.rawPayload, plain.rawPayload);
  }
});

test('S04 the challenge of one endpoint is refused at the other', async (t) => {
  const a = await endpointUnderTest(staticPolicy({ challenge: CHALLENGE }), { path: '/scep/a' });
  const b = await endpointUnderTest(staticPolicy({ challenge: 'another' }), { path: '/scep/b' });
  const { app } = await served(t, [a, b]);
  const payload = Buffer.from(MESSAGE);
  await assertIssued((await app.inject({ method: 'POST', url: '/scep/a', payload })).rawPayload);
  const { rawPayload } = await app.inject({ method: 'POST', url: '/scep/b/pkiclient.exe', payload });
  assert.equal((await read({ body: rawPayload }, client)).status, 'failure');
  assert.equal(await refusalIn(await b.service.pkiOperation(MESSAGE)), 'challenge_wrong');
  assert.deepEqual(await b.store.listCertificates({}), []);
  assert.equal((await app.inject('/certsrv/mscep/mscep.dll?operation=GetCACaps')).statusCode, 404);
});

test('two endpoints at one path are refused at the start', async () => {
  const [one, other] = await Promise.all([
    lab(),
    endpointUnderTest(allows('none'), { path: `${PATH.toUpperCase()}/` }),
  ]);
  const { httpServer } = await import('../../src/http/http-server.ts');
  const services = [one.service, other.service];
  await assert.rejects(httpServer({ services, emit: one.log.emit, clock: one.clock }), /two endpoints at/);
});

test('S07 one log line for each request: what was asked, by whom, with which outcome, and no challenge', async (t) => {
  const { app, log } = await served(t, [await lab()]);
  await app.inject({ ...posted, headers: { 'user-agent': `Mozilla/4.0 NDES client ${'x'.repeat(500)}` } });
  await app.inject(operation('PKIOperation', escaped));
  await app.inject(operation('PKIOperation', '<garbage>'));
  const [first, second, third] = log.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(log.lines.length, 3);
  const { endpoint, method, operation: name, outcome, messageType, ip, ms, thumbprint, userAgent } = first!;
  assert.deepEqual([endpoint, method, name, outcome], [PATH, 'POST', 'PKIOperation', 'issued']);
  assert.deepEqual([messageType, ip, ms], ['PKCSReq', '127.0.0.1', 0]);
  assert.match(String(thumbprint), /^[0-9A-F]{40}$/);
  assert.equal(String(userAgent).length, 200);
  assert.deepEqual([second!['method'], second!['outcome']], ['GET', 'repeated']);
  assert.deepEqual([third!['status'], third!['code']], [400, 'message_undecodable']);
  const text = log.lines.join('\n');
  for (const secret of [CHALLENGE, escaped.slice(100, 140), 'garbage']) assert.ok(!text.includes(secret), secret);
});
