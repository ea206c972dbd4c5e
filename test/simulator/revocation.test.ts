/** The queue of revocation requests: bounds, cool-down, the filter, and results. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { control, type Reply, startTenant } from './tenant.ts';

const HOUR = 3600;
type Requested = { requestContext: string; serialNumber: string; issuerName: string; caConfiguration: string | null };

async function connector(t: TestContext) {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const { graph } = simulator.tenant.cloud;
  const listed = JSON.parse((await tenant.discover()).text) as { value: { providerName: string; uri: string }[] };
  const uri = listed.value.find(({ providerName }) => providerName === 'PkiConnectorFEService')!.uri;
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    tenant.send(
      'POST',
      `${uri}/CertificateAuthorityRequests/${path}`,
      {
        'content-type': 'application/json',
        'api-version': '5019-05-05',
        'client-request-id': randomUUID(),
        authorization: `Bearer ${await tenant.token()}`,
        ...headers,
      },
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  const download = async (maxRequests = 100, issuerName: string | null = null): Promise<Requested[]> => {
    const reply = await post('downloadRevocationRequests', { downloadParameters: { maxRequests, issuerName } });
    assert.equal(reply.status, 200, reply.text);
    return (JSON.parse(reply.text) as { value: Requested[] }).value;
  };
  const upload = async (...results: object[]): Promise<unknown> => {
    const reply = await post('uploadRevocationResults', { results });
    return reply.status === 200 ? (JSON.parse(reply.text) as { value: unknown }).value : reply.status;
  };
  const queue = (...serials: string[]) =>
    simulator.revocations.add({
      requests: serials.map((serialNumber) => ({ serialNumber, issuerName: 'CN=Issuing CA' })),
    });
  return { ...tenant, graph, post, download, upload, queue };
}

test('requests are handed out once in an hour, and again until there is a result', async (t) => {
  const { simulator, download, upload, queue } = await connector(t);
  queue('0A', '0B');
  assert.deepEqual(
    (await download()).map(({ serialNumber, issuerName, caConfiguration }) => [
      serialNumber,
      issuerName,
      caConfiguration,
    ]),
    [
      ['0A', 'CN=Issuing CA', null],
      ['0B', 'CN=Issuing CA', null],
    ],
  );
  queue('0C');
  assert.deepEqual(await download(), [], 'the cool-down holds for new requests too');
  simulator.clock.advance(HOUR - 60);
  assert.deepEqual(await download(), []);
  simulator.clock.advance(61);
  const again = await download();
  assert.deepEqual(
    again.map(({ serialNumber }) => serialNumber),
    ['0A', '0B', '0C'],
  );
  assert.equal(await upload({ requestContext: again[0]!.requestContext, succeeded: true, errorCode: 'None' }), true);
  simulator.clock.advance(HOUR);
  assert.deepEqual(
    (await download()).map(({ serialNumber }) => serialNumber),
    ['0B', '0C'],
  );
});

test('a download that returns nothing begins a cool-down too', async (t) => {
  const { simulator, download, queue } = await connector(t);
  assert.deepEqual(await download(), []);
  queue('0A');
  assert.deepEqual(await download(), []);
  simulator.clock.advance(HOUR);
  assert.equal((await download()).length, 1);
});

test('the filter compares caConfiguration, after the list was cut off', async (t) => {
  const { simulator, download } = await connector(t);
  const requests = [
    ...Array.from({ length: 5 }, (_, i) => ({ serialNumber: `A${i}`, issuerName: 'CN=A', caConfiguration: 'ca-a' })),
    { serialNumber: 'B0', issuerName: 'CN=B', caConfiguration: 'ca-b' },
  ];
  simulator.revocations.add({ requests });
  const filtered = async (most: number, filter: string): Promise<string[]> => {
    simulator.clock.advance(HOUR);
    return (await download(most, filter)).map(({ serialNumber }) => serialNumber);
  };
  assert.deepEqual(await filtered(5, 'ca-b'), [], 'its request is behind the cut');
  assert.deepEqual(await filtered(6, 'ca-b'), ['B0']);
  assert.deepEqual(await filtered(6, 'CN=B'), [], 'the name of the issuer matches nothing');
  assert.deepEqual(await filtered(2, 'ca-a'), ['A0', 'A1']);
});

test('maxRequests is from 1 to 500', async (t) => {
  const { simulator, post, download, queue } = await connector(t);
  queue(...Array.from({ length: 600 }, (_, i) => i.toString(16)));
  for (const maxRequests of [0, 501, -1, 1.5, '100', null]) {
    const reply = await post('downloadRevocationRequests', { downloadParameters: { maxRequests } });
    assert.equal(reply.status, 400, String(maxRequests));
  }
  assert.equal((await download(100)).length, 100, 'a refused call begins no cool-down');
  simulator.clock.advance(HOUR);
  assert.equal((await download(500)).length, 500);
});

for (const [errorCode, succeeded, again] of [
  ['None', true, false],
  ['0', true, false],
  [0, true, false],
  [undefined, true, false],
  [null, true, false],
  ['CertificateNotFoundError', false, false],
  ['4004', false, false],
  [4005, false, false],
  ['ServiceUnavailable', false, true],
  ['4102', false, true],
] as const)
  test(`a result with the error code ${errorCode} ${again ? 'is retried' : 'settles the request'}`, async (t) => {
    const { simulator, download, upload, queue } = await connector(t);
    const [queued] = queue('0A');
    const result = { requestContext: queued!.requestContext, succeeded, errorCode, errorMessage: null };
    assert.equal(await upload(result), true);
    assert.equal(await upload(result), true, 'a result may come again');
    assert.equal(simulator.revocations.list()[0]!.results.length, 2);
    assert.equal((await download()).length, again ? 1 : 0);
  });

test('results that are malformed are refused, and one for an unknown request is not recorded', async (t) => {
  const { simulator, upload, post, queue } = await connector(t);
  const { requestContext } = queue('0A')[0]!;
  const good = { requestContext, succeeded: true };
  assert.equal(await upload(good, { requestContext: 'unknown', succeeded: true }), false);
  assert.deepEqual(simulator.revocations.list()[0]!.results, [], 'all or nothing');
  for (const change of [
    { requestContext: '' },
    { requestContext: 7 },
    { succeeded: 'true' },
    { errorCode: 'Broken' },
    { errorCode: '9' },
    { errorMessage: 7 },
  ])
    assert.equal(await upload({ ...good, ...change }), 400, JSON.stringify(change));
  assert.equal(await upload(), 400, 'no results');
  assert.equal((await post('uploadRevocationResults', 'not JSON')).status, 400);
});

test('both calls need the token, the role, the version and an id', async (t) => {
  const { post, token, simulator, graph } = await connector(t);
  const body = { downloadParameters: { maxRequests: 1 }, results: [{}] };
  for (const path of ['downloadRevocationRequests', 'uploadRevocationResults']) {
    assert.equal((await post(path, body, { 'api-version': '2018-02-20' })).status, 400);
    assert.equal((await post(path, body, { 'client-request-id': '7' })).status, 400);
    assert.equal((await post(path, body, { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post(path, body, { authorization: `Bearer ${await token(`${graph}/.default`)}` })).status, 401);
    simulator.fault({ hop: 'token', fault: 'no-role', count: 1 });
    assert.equal((await post(path, body, { authorization: `Bearer ${await token()}` })).status, 403);
  }
});

test('faults: the value as text, and names in lower case', async (t) => {
  const { simulator, upload, post, queue } = await connector(t);
  const { requestContext } = queue('0A')[0]!;
  simulator.fault({ hop: 'uploadRevocationResults', fault: 'text-value', count: 1 });
  assert.equal(await upload({ requestContext, succeeded: false, errorCode: 4101 }), 'true');
  simulator.fault({ hop: 'downloadRevocationRequests', fault: 'lowercase-keys', count: 1 });
  const { text } = await post('downloadRevocationRequests', { downloadParameters: { maxRequests: 1 } });
  const { value } = JSON.parse(text) as { value: object[] };
  assert.deepEqual(Object.keys(value[0]!), ['requestcontext', 'serialnumber', 'issuername', 'caconfiguration']);
});

test('the control API fills and shows the queue, and moves the clock', async (t) => {
  const { simulator, download } = await connector(t);
  const requests = [{ serialNumber: '0A', issuerName: 'CN=A', caConfiguration: 'ca-a' }];
  const { status, json } = await control(simulator, 'POST', '/revocations', { requests });
  assert.equal(status, 200);
  assert.equal((json as Requested[])[0]!.serialNumber, '0A');
  assert.equal((await download()).length, 1);
  const before = (await control(simulator, 'GET', '/clock')).json as { now: string };
  const moved = (await control(simulator, 'POST', '/clock', { advanceSeconds: HOUR })).json as { now: string };
  assert.ok(Date.parse(moved.now) - Date.parse(before.now) >= HOUR * 1000);
  assert.equal((await download()).length, 1);
  const [shown] = (await control(simulator, 'GET', '/revocations')).json as { downloads: number }[];
  assert.equal(shown!.downloads, 2);
  assert.equal((await control(simulator, 'DELETE', '/clock')).status, 204);
  assert.equal((await control(simulator, 'DELETE', '/revocations')).status, 204);
  assert.deepEqual((await control(simulator, 'GET', '/revocations')).json, []);
  for (const [path, body] of [
    ['/revocations', { requests: [{ serialNumber: '0A' }] }],
    ['/revocations', { requests: {} }],
    ['/clock', { advanceSeconds: 'an hour' }],
  ] as const)
    assert.equal((await control(simulator, 'POST', path, body)).status, 400);
});

test('the clock moves every service: a token ends, and the Date of a reply is that of the simulator', async (t) => {
  const { simulator, act, token, validate } = await connector(t);
  const bearer = await token();
  simulator.clock.advance(HOUR + 1);
  assert.equal((await act('validateRequest', {}, { authorization: `Bearer ${bearer}` })).status, 401);
  const { status, headers } = await validate('');
  assert.equal(status, 200);
  assert.ok(Date.parse(String(headers['date'])) > Date.now() + (HOUR - 60) * 1000);
});
