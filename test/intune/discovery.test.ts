/** The address of the service: the row that is used, the hosts that are accepted, the time it is cached. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { type Answer, type FakeTenant, fakeTenant, listing, ok, rejection } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const never = new AbortController().signal;
const DAY = 86_400_000;
let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());
beforeEach(() => {
  tenant.calls.length = 0;
});

const validated = async (answer: Answer): Promise<string | undefined> => {
  tenant.answer('discovery', answer);
  await tenant.client().validateRequest(request, never);
  return tenant.calls.at(-1)?.path;
};

describe('the row', () => {
  const NAME = 'ScepRequestValidationFEService';
  const uri = () => `${tenant.origin}/here`;
  const ROWS: Record<string, () => unknown> = {
    'by serviceName when there is no providerName': () => ({ serviceName: NAME, uri: uri() }),
    'in another letter case': () => ({ providerName: NAME.toUpperCase(), uri: uri() }),
    'with keys in another letter case': () => ({ ProviderName: NAME, URI: uri() }),
  };
  for (const [name, row] of Object.entries(ROWS))
    test(name, async () => {
      assert.equal(
        await validated(ok({ value: [null, 7, { providerName: 'X' }, row()] })),
        '/here/ScepActions/validateRequest',
      );
    });

  test('a listing whose own key is in another letter case', async () => {
    const answer = ok({ Value: [{ providerName: NAME, uri: uri() }] });
    assert.equal(await validated(answer), '/here/ScepActions/validateRequest');
  });

  test('the first of two', async () => {
    const rows = ['here', 'there'].map((path) => ({ providerName: NAME, uri: `${tenant.origin}/${path}` }));
    assert.equal(await validated(ok({ value: rows })), '/here/ScepActions/validateRequest');
  });
});

describe('several rows', () => {
  const row = (uri?: string) => ({ providerName: 'ScepRequestValidationFEService', uri });
  const evil = () => row('https://evil.example/evil');
  const ROWS: Record<string, () => unknown[]> = {
    'the first has no address': () => [row(), row(`${tenant.origin}/here`)],
    'the first has an address of another type': () => [{ ...row(), uri: 7 }, row(`${tenant.origin}/here`)],
    'the first is not on a host of the cloud': () => [evil(), row(`${tenant.origin}/here`)],
    'a later one is not on a host of the cloud': () => [row(`${tenant.origin}/here`), evil()],
    'both are the same': () => [row(`${tenant.origin}/here`), row(`${tenant.origin}/here`)],
  };
  for (const [name, rows] of Object.entries(ROWS))
    test(`${name}: the one that can be used is used`, async () => {
      assert.equal(await validated(ok({ value: rows() })), '/here/ScepActions/validateRequest');
    });

  test('none is on a host of the cloud: the error names the first, and no token was asked for', async () => {
    tenant.answer('discovery', ok({ value: [evil(), row('https://other.example/')] }));
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.match(error.message, /an address that is none of Intune's \(evil\.example\); no token was sent there/);
    assert.deepEqual(tenant.hops(), ['token', 'discovery']);
  });

  test('none has an address: the service is not listed', async () => {
    tenant.answer('discovery', ok({ value: [row(), row()] }));
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.match(error.message, /Graph lists no ScepRequestValidationFEService for this tenant/);
  });
});

describe('the host', () => {
  const EVIL = {
    'another host': () => `https://localhost:${tenant.port}/evil`,
    'another port': () => 'https://127.0.0.1:1/evil',
    'no TLS': () => `http://127.0.0.1:${tenant.port}/evil`,
    'a host that begins like the right one': () => `https://127.0.0.1:${tenant.port}@localhost:${tenant.port}/evil`,
    'a Microsoft host in a cloud that is not': () => 'https://fef.manage.microsoft.com/evil',
    'no URL': () => 'evil',
    'a query, which would swallow the path': () => `${tenant.origin}/evil?x=1`,
    'a fragment, which would swallow the path': () => `${tenant.origin}/evil#x`,
    'a user': () => `https://user:word@127.0.0.1:${tenant.port}/evil`,
  };
  for (const [name, uri] of Object.entries(EVIL))
    test(`${name} is sent no token`, async () => {
      tenant.answer('discovery', listing(uri()));
      const error = await rejection(tenant.client().validateRequest(request, never));
      assert.ok(error instanceof IntuneUnreachable);
      assert.equal(error.hop, 'discovery');
      assert.match(error.message, /none of Intune's/);
      assert.deepEqual(tenant.hops(), ['token', 'discovery'], 'not even a token for Intune was asked for');
    });
});

describe('failures', () => {
  const FAULTS: Record<string, { answer: Answer; remedy: RegExp }> = {
    'not listed': { answer: ok({ value: [{ providerName: 'X', uri: 'https://x.example' }] }), remedy: /licence/ },
    'no listing': { answer: ok({ other: 1 }), remedy: /proxy/ },
    '404': { answer: { status: 404, json: { error: { code: 'ResourceNotFound', message: 'no' } } }, remedy: /licence/ },
    HTML: { answer: { text: '<html>' }, remedy: /proxy/ },
  };
  for (const [name, { answer, remedy }] of Object.entries(FAULTS))
    test(name, async () => {
      tenant.answer('discovery', answer, answer, answer);
      const error = await rejection(tenant.client().validateRequest(request, never));
      assert.ok(error instanceof IntuneUnreachable);
      assert.equal(error.hop, 'discovery');
      assert.match(error.remedy, remedy);
    });

  test('403 names the missing permission, after one retry with a new token', async () => {
    const json = { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges' } };
    tenant.answer('discovery', { status: 403, json }, { status: 403, json });
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable);
    assert.match(error.remedy, /Application\.Read\.All/);
    assert.deepEqual(tenant.hops(), ['token', 'discovery', 'token', 'discovery']);
  });
});

describe('for how long', () => {
  test('for a day; then it is looked up again, and while Graph is down the old address is used', async () => {
    let now = Date.now();
    const client = tenant.client({ clock: () => new Date(now) });
    const hopsOf = async (): Promise<string[]> => {
      tenant.calls.length = 0;
      await client.validateRequest(request, never);
      return tenant.hops().filter((hop) => hop !== 'token');
    };
    assert.deepEqual(await hopsOf(), ['discovery', 'validateRequest']);
    now += DAY - 1;
    assert.deepEqual(await hopsOf(), ['validateRequest']);
    now += 1;
    tenant.answer('discovery', { status: 503, json: {} });
    assert.deepEqual(await hopsOf(), ['discovery', 'validateRequest']);
    assert.deepEqual(await hopsOf(), ['validateRequest'], 'Graph is not called for a while');
    now += 300_000;
    assert.deepEqual(await hopsOf(), ['discovery', 'validateRequest']);
    assert.deepEqual(await hopsOf(), ['validateRequest']);
  });

  for (const fault of [{ status: 404, json: {} }, { status: 410, json: {} }, 'reset'] as Answer[])
    test(`${JSON.stringify(fault)} from the service: it is looked up before the next call`, async () => {
      const client = tenant.client({ timeouts: { retries: 0 } });
      await client.validateRequest(request, never);
      tenant.answer('validateRequest', fault);
      await rejection(client.validateRequest(request, never));
      tenant.calls.length = 0;
      tenant.answer('discovery', listing(`${tenant.origin}/moved`));
      await client.validateRequest(request, never);
      assert.deepEqual(tenant.hops(), ['discovery', 'validateRequest']);
      assert.equal(tenant.calls.at(-1)?.path, '/moved/ScepActions/validateRequest');
    });

  for (const [name, answer] of Object.entries({
    'does not list the service': ok({ value: [] }),
    'names a host that is none of the cloud': listing('https://evil.example/evil'),
    'refuses the token': { status: 401, json: {} },
    'answers with HTML': { text: '<html>' },
    'cannot be reached': 'reset',
  } satisfies Record<string, Answer>))
    test(`a day later Graph ${name}: the old address is used, and Graph is asked again after five minutes`, async () => {
      let now = Date.now();
      const client = tenant.client({ clock: () => new Date(now), timeouts: { retries: 0 } });
      await client.validateRequest(request, never);
      now += DAY;
      tenant.answer('discovery', answer, answer);
      tenant.calls.length = 0;
      assert.equal((await client.validateRequest(request, never)).code, 'Success');
      assert.equal(tenant.calls.at(-1)?.path, '/RACerts/Scep/ScepActions/validateRequest');
      tenant.answer('discovery', listing(`${tenant.origin}/moved`));
      await client.validateRequest(request, never);
      assert.equal(tenant.calls.at(-1)?.path, '/RACerts/Scep/ScepActions/validateRequest');
      now += 300_000;
      await client.validateRequest(request, never);
      assert.equal(tenant.calls.at(-1)?.path, '/moved/ScepActions/validateRequest');
    });

  test('the service is not at its address and Graph is down: the old address is tried again, so that an outage of both ends by itself', async () => {
    const client = tenant.client({ timeouts: { retries: 0 } });
    await client.validateRequest(request, never);
    tenant.answer('validateRequest', 'reset');
    await rejection(client.validateRequest(request, never));
    tenant.answer('discovery', { status: 503, json: {} });
    assert.equal((await client.validateRequest(request, never)).code, 'Success');
  });

  test('without an old address the next call asks Graph again', async () => {
    const client = tenant.client({ timeouts: { retries: 0 } });
    tenant.answer('discovery', { status: 503, json: {} });
    await rejection(client.validateRequest(request, never));
    assert.equal((await client.validateRequest(request, never)).code, 'Success');
  });

  test('a token that Graph refuses: one new token, one more lookup, no failure', async () => {
    const client = tenant.client();
    tenant.answer('discovery', { status: 401, json: {} });
    assert.equal((await client.validateRequest(request, never)).code, 'Success');
    assert.deepEqual(tenant.hops(), ['token', 'discovery', 'token', 'discovery', 'token', 'validateRequest']);
  });

  test('500 from the service keeps the address', async () => {
    const client = tenant.client({ timeouts: { retries: 0 } });
    tenant.answer('validateRequest', { status: 500, json: {} });
    await rejection(client.validateRequest(request, never));
    tenant.calls.length = 0;
    await client.validateRequest(request, never);
    assert.deepEqual(tenant.hops(), ['validateRequest']);
  });
});
