/**
 * A server that is killed at each step of an order at each CA product, real ones and fakes, which it asks itself. In the end the product has
 * made the certificates of the store and no other, or each one more is a possible orphan in the store. What a product has made is counted there.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { after, describe, test, type TestContext } from 'node:test';
import { keyHash } from '../../src/enroll/identify.ts';
import { ALONE_AFTER, lookForOrders } from '../../src/enroll/lost-orders.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { type Life, serverProcess, type World } from '../enroll/killed.ts';
import { handClock } from '../kit/clock.ts';
import { endpointUnderTest, read } from '../kit/endpoint-under-test.ts';
import { client, issuing } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { CHALLENGE, requestMessage } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';
import { settings as commandSettings } from './command-under-test.ts';
import { exampleCa, EXAMPLE } from './example-ca.ts';
import { CHAIN, type Signer } from './fakes/certified.ts';
import { CA_ARN, fakeAwsPca } from './fakes/fake-aws-pca.ts';
import { API_KEY, fakeDigicert, PROFILE_ID } from './fakes/fake-digicert.ts';
import { fakeEjbca } from './fakes/fake-ejbca.ts';
import { fakePlatform8Rest, REST_KEY } from './fakes/fake-platform8-rest.ts';
import { fakePlatform8, PROFILE_OID } from './fakes/fake-platform8.ts';
import { type Got, serveCa, testCa } from './https-ca.ts';
import { productOf, type ProductPlan, type SendToAws } from './killed-product.ts';
import { openBaoProduct, type RealProduct, stepCaProduct } from './real-products.ts';

/** `finds`: whether it can be asked what became of an order. */
type Product = Pick<RealProduct, 'name' | 'made'> & {
  plan: ProductPlan;
  finds: boolean;
  toAws?: SendToAws;
  /** Ten minutes pass. */
  forget?: () => void;
};

const signer: Signer = { ca: issuing, now: new Date() };
const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const identity = await own.issue('CN=openndes');
const ending = { after } as unknown as TestContext;

async function served({ answer }: { answer: (got: Got, response: ServerResponse) => void }, path = '') {
  const { url } = await serveCa(ending, server, answer, own.ca);
  return { url: url + path, ca: own.ca, identity };
}

const real = (make: () => Promise<RealProduct>) => async (): Promise<Product> => {
  const product = await make();
  after(product.close);
  return { ...product, finds: false };
};

async function ejbca(): Promise<Product> {
  const fake = fakeEjbca(signer);
  const service = await served(fake, '/ejbca/ejbca-rest-api/v1');
  const settings = {
    url: '',
    certificateAuthority: 'Devices',
    certificateProfile: 'Device',
    endEntityProfile: 'Intune',
    usernamePrefix: 'openndes-',
  };
  const plan: ProductPlan = { kind: 'ejbca', settings, chain: [...CHAIN], service };
  return { name: 'a fake of EJBCA', finds: true, plan, made: () => [...fake.certificates.values()].flat().length };
}

async function digicert(): Promise<Product> {
  const fake = fakeDigicert(signer);
  const settings = { apiKey: API_KEY, profileId: PROFILE_ID, seat: 'upn' } as const;
  const plan: ProductPlan = { kind: 'digicert', settings, chain: [...CHAIN], service: await served(fake) };
  return { name: 'a fake of Trust Lifecycle Manager', finds: true, plan, made: () => fake.certificates.size };
}

async function platform8(): Promise<Product> {
  const fake = fakePlatform8(signer);
  const settings = { profileOid: PROFILE_OID, seat: 'upn' } as const;
  const plan: ProductPlan = { kind: 'platform8', settings, chain: [...CHAIN], service: await served(fake) };
  return { name: 'a fake of PKI Platform 8', finds: true, plan, made: () => fake.standing.size };
}

async function platform8Rest(): Promise<Product> {
  const fake = fakePlatform8Rest(signer);
  const settings = { apiKey: REST_KEY, profileId: PROFILE_OID, seat: 'upn' } as const;
  const plan: ProductPlan = { kind: 'platform8Rest', settings, chain: [...CHAIN], service: await served(fake) };
  return { name: 'a fake of PKI Platform 8 by REST', finds: false, plan, made: () => fake.certificates.size };
}

async function awsPca(): Promise<Product> {
  const fake = fakeAwsPca(signer);
  const settings = { certificateAuthority: CA_ARN, template: 'EndEntityClientAuthCertificate/V1' };
  const toAws: SendToAws = (command) => new fake.sdk.ACMPCAClient({}).send(command, { abortSignal: never });
  const plan: ProductPlan = { kind: 'awsPca', settings, chain: [...CHAIN] };
  let earlier = 0;
  const made = (): number => earlier + fake.certificates.size;
  // AWS knows the token of an order for five minutes.
  const forget = (): void => {
    earlier = made();
    fake.certificates.clear();
  };
  return { name: 'a fake of AWS Private CA', finds: false, plan, made, toAws, forget };
}

async function command(): Promise<Product> {
  const { place, certificate } = await exampleCa();
  const operations = ['issue', 'find', 'revoke'] as const;
  const settings = { ...commandSettings, argv: [EXAMPLE, place], operations };
  const plan: ProductPlan = { kind: 'command', settings, chain: [certificate] };
  const made = (): number => readdirSync(place).filter((name) => /^[0-9a-f]{64}\.pem$/.test(name)).length;
  return { name: 'a command, the example in sh', finds: true, plan, made };
}

const never = new AbortController().signal;

/**
 * `returns`: whether the device comes again; otherwise the job looks for its order. `elsewhere`: what a product has and the store has not, and
 * how many orphans there are, where the product cannot be asked.
 */
type Step = {
  step: string;
  death: Pick<Life, 'killAfter'>;
  returns: boolean;
  elsewhere: { extra: number; orphans: number };
};

const STEPS: readonly Step[] = [
  {
    step: 'when the order is recorded; the device comes again',
    death: { killAfter: 'recordPending' },
    returns: true,
    elsewhere: { extra: 0, orphans: 1 },
  },
  {
    step: 'when the product has answered; the device comes again',
    death: { killAfter: 'issue' },
    returns: true,
    elsewhere: { extra: 1, orphans: 1 },
  },
  {
    step: 'when the product has answered; the device does not come again',
    death: { killAfter: 'issue' },
    returns: false,
    elsewhere: { extra: 1, orphans: 1 },
  },
  {
    step: 'when the certificate is recorded; the device comes again',
    death: { killAfter: 'recordIssued' },
    returns: true,
    elsewhere: { extra: 0, orphans: 0 },
  },
];

const PRODUCTS = await Promise.all(
  [real(stepCaProduct), real(openBaoProduct), ejbca, digicert, platform8, platform8Rest, awsPca, command].map((make) =>
    make(),
  ),
);

for (const product of PRODUCTS)
  describe(product.name, () => {
    for (const [n, { step, death, returns, elsewhere }] of STEPS.entries())
      test(`the server is killed ${step}`, async (t) => {
        const { name, made, finds } = product;
        const before = await made();
        const { extra, orphans } = finds ? { extra: 0, orphans: 0 } : elsewhere;
        const store = await killed(t, product, { request: await requestOf(`${name} ${n}`), death, returns });
        const certificates = await store.listCertificates({});
        assert.equal(certificates.length, returns || finds ? 1 : 0);
        assert.equal((await made()) - before, certificates.length + extra, 'certificates at the product');
        const listed = await store.listOrders({ limit: 9 });
        assert.deepEqual(
          listed.map(({ state, publicKeyHash }) => ({ state, publicKeyHash })),
          Array.from({ length: orphans }, () => ({ state: 'orphan', publicKeyHash: keyHash(client.key.spki) })),
        );
      });
  });

/** A request of a device of its own; all devices have the same key. */
async function requestOf(place: string): Promise<Uint8Array> {
  const name = place.replaceAll(/\W/g, '-');
  const content = await writeCertificationRequest(
    {
      subject: nameFromText(`CN=${name}`),
      challenge: CHALLENGE,
      extensions: [
        keyUsage(['digitalSignature', 'keyEncipherment']),
        extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
        subjectAltName([generalNameFromText(`upn:${name}@example.com`)]),
      ],
    },
    client.key,
  );
  return requestMessage({ content });
}

type Case = Pick<Step, 'death' | 'returns'> & { request: Uint8Array };

/** One server that dies; ten minutes later the device comes again to another one, or the job runs. */
async function killed(t: TestContext, { plan, toAws = unasked, forget }: Product, { request, death, returns }: Case) {
  const path = temporaryFile();
  const world: World = {
    decide: () => ({ kind: 'allow', notify: 'none', vouchesForNames: true, consumes: 'one-time' }),
    issue: unasked,
    poll: unasked,
    revoke: unasked,
    event: () => undefined,
    aws: toAws,
  };
  const started = Date.now();
  const doomed = await serverProcess(t, { path, at: new Date(started), product: plan, ...death }, world);
  await assert.rejects(doomed.post(request));
  assert.equal(await doomed.kill(), 'SIGKILL');
  forget?.();
  const later = new Date(started + 2 * ALONE_AFTER);
  if (returns) {
    const next = await serverProcess(t, { path, at: later, product: plan }, world);
    const reply = await read(await next.post(request));
    assert.ok(reply.status === 'success', JSON.stringify(reply));
    assert.deepEqual(Buffer.from(readCertificate(reply.certificates[0] ?? request).spki), Buffer.from(client.key.spki));
    await next.kill();
  }
  const store = await openSqliteStore({ path, clock: () => later });
  t.after(() => store.close());
  if (!returns) await lookedFor(plan, toAws, { store, later });
  return store;
}

type Place = { store: Awaited<ReturnType<typeof openSqliteStore>>; later: Date };

async function lookedFor(plan: ProductPlan, toAws: SendToAws, { store, later }: Place): Promise<void> {
  const issuer = productOf(plan, toAws);
  const clock = handClock(later);
  const { endpoint, services } = await endpointUnderTest(allows('none'), { issuer, chain: plan.chain, store, clock });
  await lookForOrders(new Map([[endpoint.name, endpoint]]), services, never);
  await issuer.close?.();
}

const unasked = (): never => assert.fail('the product is asked by the server itself');
