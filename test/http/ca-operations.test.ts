/** The operations that hand out certificates of CAs, beside GetCACert: chain and next CA, as HTTP answers them. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { scepService } from '../../src/enroll/service.ts';
import { httpServer } from '../../src/http/http-server.ts';
import { capabilities } from '../../src/scep/capabilities.ts';
import { nextCaCertificates } from '../../src/scep/next-ca.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { allows } from '../kit/policy.ts';
import { clock, issuing, nextCa, ra, registration, root } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';

const PATH = '/scep';
const raNow = [ra.certificate];
const chain = [issuing.certificate, root.certificate];
const next = [nextCa.certificate, root.certificate];

async function served(t: TestContext, { rollover }: { rollover: boolean }) {
  const { endpoint, services } = await endpointUnderTest(allows('none'), { path: PATH });
  const plan = {
    endpoint,
    name: PATH,
    capabilities: capabilities({ legacy: new Set(), renewal: true, nextCa: rollover }),
    ra: () => raNow,
    chain,
    ...(rollover && { nextCa: () => nextCaCertificates(next, registration) }),
  };
  const service = scepService(plan, services);
  const logger = keptLog();
  const app = await httpServer({ services: [service], emit: logger.emit, clock, grace: 50 });
  t.after(() => app.close());
  const ask = async (query: string) => {
    const { statusCode, headers, rawPayload } = await app.inject(`${PATH}?${query}`);
    assert.equal(headers['cache-control'], 'no-store');
    return { status: statusCode, type: headers['content-type'], body: rawPayload };
  };
  return { ask, log: logger };
}

const raws = (all: readonly Uint8Array[]): Buffer[] => all.map((der) => Buffer.from(der));

for (const query of [
  'operation=GetCACertChain',
  'operation=GetCACertChain&message=default',
  'operation=GetCAChain',
  'operation=getcachain&message=0',
  'operation=GETCACERTCHAIN&message=',
])
  test(`A07 ${query}: every certificate as a degenerate SignedData`, async (t) => {
    const { ask } = await served(t, { rollover: false });
    const { status, type, body } = await ask(query);
    const named = /CACertChain/i.test(query) ? 'application/x-x509-ca-ra-cert-chain' : 'application/x-x509-ca-ra-cert';
    assert.deepEqual([status, type], [200, named]);
    assert.deepEqual(second.certificatesOf(second.readSigned(body)), raws([ra.certificate, ...chain]));
  });

for (const message of ['', '&message=default', '&message=CAIdentifier'])
  test(`G08 GetNextCACert${message} with a next CA: signed by the RA, under its own type`, async (t) => {
    const { ask, log } = await served(t, { rollover: true });
    const { status, type, body } = await ask(`operation=GetNextCACert${message}`);
    assert.deepEqual([status, type], [200, 'application/x-x509-next-ca-cert']);
    const signed = second.readSigned(body);
    assert.ok(await second.verifies(signed));
    assert.deepEqual(second.certificatesOf(second.readSigned(second.contentOf(signed))), raws(next));
    assert.match(log.lines.join(''), /"operation":"GetNextCACert"/);
  });

test('G08 GetNextCACert without a next CA: 404 as plain text', async (t) => {
  const { ask, log } = await served(t, { rollover: false });
  const { status, type, body } = await ask('operation=GetNextCACert');
  assert.deepEqual([status, type, body.toString()], [404, 'text/plain', 'not found']);
  assert.match(log.lines.join(''), /"code":"next_ca_unknown"/);
});

for (const rollover of [true, false])
  test(`C03 GetNextCACert is ${rollover ? 'in GetCACaps and served' : 'neither in GetCACaps nor served'}`, async (t) => {
    const { ask } = await served(t, { rollover });
    const said = (await ask('operation=GetCACaps')).body.toString().split('\n').includes('GetNextCACert');
    assert.equal(said, rollover);
    assert.equal((await ask('operation=GetNextCACert')).status === 200, rollover);
  });
