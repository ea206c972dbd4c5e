/** The contract of issuers, for the CA products that are known by fakes. */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { cesBackend } from '../../src/backends/adcs/ces-backend.ts';
import { byUsernameToken } from '../../src/backends/adcs/soap12.ts';
import { awsPcaBackend } from '../../src/backends/aws-pca/aws-pca-backend.ts';
import { type BackendClient, backendClient } from '../../src/backends/backend-client.ts';
import { certsrvBackend } from '../../src/backends/certsrv/certsrv-backend.ts';
import { platform8RestBackend } from '../../src/backends/platform8-rest/platform8-rest-backend.ts';
import { digicertBackend } from '../../src/backends/digicert/digicert-backend.ts';
import { ejbcaBackend } from '../../src/backends/ejbca/ejbca-backend.ts';
import { platform8Backend } from '../../src/backends/platform8/platform8-backend.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { issuerContract, type IssuerUnderTest } from '../../src/testing/issuer-contract.ts';
import { clock, DAY, issuing, root } from '../kit/pki.ts';
import { CHAIN } from './fakes/certified.ts';
import { CA_ARN, exception, fakeAwsPca } from './fakes/fake-aws-pca.ts';
import { ADCS_ACCOUNT } from './fakes/fake-windows-soap.ts';
import { ADCS_TEMPLATE, CES_PATH, decide, fakeCes } from './fakes/fake-ces.ts';
import { fakePlatform8Rest, REST_KEY } from './fakes/fake-platform8-rest.ts';
import { API_KEY, fakeDigicert, PROFILE_ID } from './fakes/fake-digicert.ts';
import { fakeCertsrv, LOGIN, TEMPLATE } from './fakes/fake-certsrv.ts';
import { fakeEjbca } from './fakes/fake-ejbca.ts';
import { fakePlatform8, PROFILE_OID } from './fakes/fake-platform8.ts';
import { type Got, serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const role = await own.issue('CN=openndes');

type Fake = { answer: (got: Got, response: ServerResponse) => void };

/** A service with this fake, whose answer to the next order can be lost, and which can be cut off. */
async function served(fake: Fake, isOrder: (got: Got) => boolean, byCertificate = true) {
  let losing = false;
  const ends: (() => void)[] = [];
  const ending = { after: (end: () => void) => ends.push(end) } as unknown as TestContext;
  const answer = (got: Got, response: ServerResponse): void => {
    const loses = losing && isOrder(got);
    fake.answer(got, loses ? lostAnswer(response) : response);
    if (loses) losing = false;
  };
  const { url } = await serveCa(ending, server, answer, byCertificate ? own.ca : undefined);
  const cut = (): void => ends.splice(0).forEach((end) => end());
  const client = (path = ''): BackendClient =>
    backendClient(
      { name: 'CA', url: url + path, ca: own.ca, identity: () => role },
      { clock: () => new Date(), pause: async () => undefined },
    );
  return { client, url, cut, loseAnswer: () => (losing = true), close: cut };
}

/** It ends the connection in place of the answer, which the fake has made. */
function lostAnswer(response: ServerResponse): ServerResponse {
  const lost = { writeHead: () => lost, end: () => void response.socket?.destroy() };
  return lost as unknown as ServerResponse;
}

const random = (length: number): Uint8Array => randomBytes(length);

async function ejbca(approval: boolean): Promise<IssuerUnderTest> {
  const fake = fakeEjbca();
  fake.approval = approval;
  const { client, ...service } = await served(fake, ({ path }) => path.endsWith('/pkcs10enroll'));
  const settings = {
    url: '',
    certificateAuthority: 'Devices',
    certificateProfile: 'Device',
    endEntityProfile: 'Intune',
    usernamePrefix: 'openndes-',
  };
  return {
    ...service,
    issuer: ejbcaBackend(settings, { client: client('/ejbca/ejbca-rest-api/v1'), clock, random, chain: CHAIN }),
    chain: CHAIN,
    isRevoked: (serial) => fake.revoked.has(serial),
    made: () => [...fake.certificates.values()].flat().length,
    grant: () => {
      for (let id = 4711; id < 4720; id++) fake.decisions.set(id, 'approved');
    },
  };
}

async function digicert(waits: boolean): Promise<IssuerUnderTest> {
  const fake = fakeDigicert();
  fake.waits = waits;
  const { client, ...service } = await served(fake, ({ path }) => path.endsWith('/v1/certificate'));
  const settings = { apiKey: API_KEY, profileId: PROFILE_ID, seat: 'upn' } as const;
  return {
    ...service,
    issuer: digicertBackend(settings, { client: client(), clock, chain: CHAIN }),
    chain: CHAIN,
    secrets: [API_KEY],
    isRevoked: (serial) => fake.certificates.get(serial.toUpperCase())?.status === 'revoked',
    made: () => fake.certificates.size,
    grant: () => (fake.decided = true),
  };
}

async function platform8(waits: boolean): Promise<IssuerUnderTest> {
  const fake = fakePlatform8();
  fake.waits = waits;
  const { client, ...service } = await served(fake, ({ path }) => path.endsWith('/enrollmentService'));
  return {
    ...service,
    issuer: platform8Backend({ profileOid: PROFILE_OID, seat: 'upn' }, { client: client(), clock, chain: CHAIN }),
    chain: CHAIN,
    isRevoked: (serial) => fake.standing.get(serial) === 'Revoke',
    made: () => fake.standing.size,
    grant: () => (fake.decided = true),
  };
}

const PLACE = {
  profile: { ...DEFAULT_PROFILE, validity: 90 * DAY },
  certificate: issuing.certificate,
  chain: [root.certificate],
};

async function certsrv(approval: boolean): Promise<IssuerUnderTest> {
  const fake = fakeCertsrv();
  fake.approval = approval;
  const { client, ...service } = await served(fake, ({ path }) => path.endsWith('/certfnsh.asp'));
  const settings = { template: TEMPLATE, expirationDate: true, login: LOGIN };
  const { revoke: _, ...issuer } = certsrvBackend(settings, { client: client('/certsrv'), clock, place: PLACE });
  return {
    ...service,
    issuer,
    chain: CHAIN,
    secrets: [LOGIN.password],
    made: fake.made,
    grant: () => fake.decide('issued'),
  };
}

const limit = (): AbortSignal => new AbortController().signal;

function awsPca(waits: boolean): IssuerUnderTest {
  const fake = fakeAwsPca();
  fake.notYet = waits ? 4 : 0;
  const settings = { certificateAuthority: CA_ARN, template: 'EndEntityClientAuthCertificate/V1' };
  const unreachable = exception('Error', 'connect ECONNREFUSED', 'ECONNREFUSED');
  return {
    issuer: awsPcaBackend(settings, { sdk: fake.sdk, clock, place: PLACE, pause: async () => undefined, limit }),
    chain: CHAIN,
    isRevoked: () => fake.sent.some(({ command }) => command === 'revoke'),
    made: () => fake.certificates.size,
    grant: () => undefined,
    cut: () => {
      for (const command of ['issue', 'describe']) fake.faults[command] = Array.from({ length: 9 }, () => unreachable);
    },
  };
}

/** It cannot revoke, and its `revoke` says so: that has a test of its own. */
const adcs =
  (request: 'cmc' | 'pkcs10') =>
  async (waits: boolean): Promise<IssuerUnderTest> => {
    const fake = fakeCes();
    fake.waits = waits;
    const { client, url, ...service } = await served(fake, ({ body }) => body.includes('/200512/Issue<'), false);
    const settings = { url: url + CES_PATH, template: ADCS_TEMPLATE, request, expirationDate: true };
    const authorize = byUsernameToken(ADCS_ACCOUNT, clock);
    const { revoke: _, ...issuer } = cesBackend(settings, {
      client: client(CES_PATH),
      authorize,
      clock,
      random,
      place: PLACE,
    });
    return {
      ...service,
      issuer,
      chain: CHAIN,
      secrets: [ADCS_ACCOUNT.password],
      made: () => [...fake.requests.values()].filter(({ certificate }) => certificate).length,
      grant: () => decide(fake, 'issued'),
    };
  };

async function platform8Rest(): Promise<IssuerUnderTest> {
  const fake = fakePlatform8Rest();
  const { client, ...service } = await served(fake, ({ path }) => path.endsWith('/v1/certificate'));
  const settings = { apiKey: REST_KEY, profileId: PROFILE_OID, seat: 'upn' } as const;
  return {
    ...service,
    issuer: platform8RestBackend(settings, { client: client(), clock, chain: CHAIN }),
    chain: CHAIN,
    secrets: [REST_KEY],
    isRevoked: (serial) => fake.certificates.get(serial.toUpperCase()) !== undefined,
    made: () => fake.certificates.size,
  };
}

const KINDS: readonly [string, (waits: boolean) => Promise<IssuerUnderTest> | IssuerUnderTest][] = [
  ['EJBCA', ejbca],
  ['DigiCert Trust Lifecycle Manager', digicert],
  ['DigiCert PKI Platform 8', platform8],
  ['AWS Private CA', awsPca],
  ['the enrolment web service of AD CS with CMC', adcs('cmc')],
  ['the enrolment web service of AD CS with bare requests', adcs('pkcs10')],
  ['the web pages of AD CS', certsrv],
];
// It has no attribute for a URI, and no order waits.
issuerContract({
  name: 'the REST interface of DigiCert PKI Platform 8, a fake of it',
  make: platform8Rest,
  requested: { subject: 'CN=Anna', alternativeNames: ['upn:anna@example.com', 'email:anna@example.com'] },
});
for (const [name, make] of KINDS) {
  issuerContract({ name: `${name}, a fake of it`, make: () => make(false) });
  issuerContract({ name: `${name}, a fake of it in which orders wait`, make: () => withoutLoss(make(true)) });
}

/** An order that waits makes nothing, so that there is nothing to find when its answer is lost. */
async function withoutLoss(made: Promise<IssuerUnderTest> | IssuerUnderTest): Promise<IssuerUnderTest> {
  const { loseAnswer: _, ...rest } = await made;
  return rest;
}
