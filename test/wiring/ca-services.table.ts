/** `authorities.NAME.issuer` of CA products that are called over HTTPS: what fakes of them are asked. */
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fakePlatform8Rest, REST_KEY } from '../backends/fakes/fake-platform8-rest.ts';
import { API_KEY, fakeDigicert, PROFILE_ID } from '../backends/fakes/fake-digicert.ts';
import { ADCS_ACCOUNT } from '../backends/fakes/fake-windows-soap.ts';
import { CEP_CERTIFICATE_PATH, CEP_PATH, fakeCep } from '../backends/fakes/fake-cep.ts';
import { ADCS_TEMPLATE, CES_CERTIFICATE_PATH, CES_PATH, fakeCes } from '../backends/fakes/fake-ces.ts';
import { CA_ARN, fakeAwsPca } from '../backends/fakes/fake-aws-pca.ts';
import { fakeCertsrv, LOGIN as CERTSRV_LOGIN, TEMPLATE as CERTSRV_TEMPLATE } from '../backends/fakes/fake-certsrv.ts';
import { fakeEjbca } from '../backends/fakes/fake-ejbca.ts';
import { fakePlatform8, PROFILE_OID } from '../backends/fakes/fake-platform8.ts';
import { type Got, serveCa, testCa } from '../backends/https-ca.ts';
import { enrolled, newSubject } from './device.ts';
import { atEnd, certificateFile, clock, file, issuing, issuingSection, root } from './files.ts';
import { askedOf, revocationAt, revokerSection } from './program-revoker.ts';
import type { Row } from './row.ts';
import { CHALLENGE, shared } from './server.ts';

const signer = { ca: issuing, now: clock() };
const tls = await testCa('CN=TLS of the CA products');
const localhost = await tls.issue('CN=localhost', ['dns:localhost']);
const tlsCa = file('ca-services/tls.pem', tls.ca);
/** Ends what serves with the tests of this process. */
const ending = { after: (end: () => void) => atEnd(async () => end()) } as unknown as TestContext;

/** The ports of the tunnels that the proxy has made. */
const tunnels = new Set<number | undefined>();
const proxy = createServer();
proxy.on('connect', (request, socket, head) => {
  const target = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
    tunnels.add(target.localPort);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    target.write(head);
    target.pipe(socket).pipe(target);
  });
  for (const end of [target, socket]) end.on('error', () => (target.destroy(), socket.destroy()));
});
await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
atEnd(async () => proxy.close().closeAllConnections());
const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const ejbca = fakeEjbca(signer);
const ejbcaAt = await serveCa(ending, localhost, ejbca.answer, tls.ca);
const clientFiles = async (name: string) => {
  const { certificate, key } = await tls.issue(`CN=${name}`);
  return {
    clientCertificate: file(`ca-services/${name}.pem`, certificate),
    clientKey: file(`ca-services/${name}.key.pem`, key),
  };
};
const ejbcaSection = {
  url: `${ejbcaAt.url}/ejbca/ejbca-rest-api/v1`,
  trustOnly: tlsCa,
  ...(await clientFiles('first')),
  certificateAuthority: 'Devices',
  certificateProfile: 'Device',
  endEntityProfile: 'Intune',
};

const digicert = fakeDigicert(signer);
const digicertAt = await serveCa(ending, localhost, digicert.answer);
const digicertSection = { url: digicertAt.url, trustOnly: tlsCa, apiKey: API_KEY, profileId: PROFILE_ID };

const platform8 = fakePlatform8(signer);
platform8.override = '<overrideFlag>true</overrideFlag>';
platform8.attributes = [{ attribute: 'common_name', name: 'common_name', mandatory: true }];
const platform8At = await serveCa(ending, localhost, platform8.answer, tls.ca);
const platform8Section = {
  url: platform8At.url,
  trustOnly: tlsCa,
  ...(await clientFiles('RA')),
  profileOid: PROFILE_OID,
};

const platform8Rest = fakePlatform8Rest(signer);
const platform8RestAt = await serveCa(ending, localhost, platform8Rest.answer);
const restSection = { url: platform8RestAt.url, trustOnly: tlsCa, apiKey: REST_KEY, profileId: PROFILE_OID };

const ces = fakeCes(signer, clock);
const cesAt = await serveCa(ending, localhost, ces.answer);
const cesForClients = await serveCa(ending, localhost, ces.answer, tls.ca);
const cesSection = { url: cesAt.url + CES_PATH, trustOnly: tlsCa, template: ADCS_TEMPLATE, ...ADCS_ACCOUNT };
/** It ignores the ordered end, so that each of its certificates is refused, and revoked. */
const deaf = fakeCes(signer, clock);
Object.assign(deaf, { heedsEnd: false, days: 60 });
const deafAt = await serveCa(ending, localhost, deaf.answer);
const revokedSection = (name: string, different: object = {}, token?: string) => ({
  ...cesSection,
  url: deafAt.url + CES_PATH,
  revoker: revokerSection(name, different, token),
});
/** Its only template is another one. */
const cep = fakeCep(clock);
cep.templates = cep.templates.map((template) => ({ ...template, name: 'Other' }));
const [cepAt, cepForClients] = [
  await serveCa(ending, localhost, cep.answer),
  await serveCa(ending, localhost, cep.answer, tls.ca),
];

const certsrv = fakeCertsrv(signer);
const certsrvAt = await serveCa(ending, localhost, certsrv.answer);
const certsrvForClients = await serveCa(ending, localhost, certsrv.answer, tls.ca);
const certsrvSection = {
  url: `${certsrvAt.url}/certsrv`,
  trustOnly: tlsCa,
  via: 'certsrv',
  template: CERTSRV_TEMPLATE,
  ...CERTSRV_LOGIN,
};

/** Web pages that let those pass who have a ticket, and a library of Kerberos whose tickets say for what they are. */
const ticketPages = fakeCertsrv(signer);
ticketPages.asksLogin = false;
const ticketsAt = await serveCa(ending, localhost, (got, response) => {
  const [, ticket] = /^Negotiate (.*)$/.exec(got.headers.authorization ?? '') ?? [];
  response.setHeader('www-authenticate', ticket === undefined ? 'Negotiate' : `Negotiate ${ticket}`);
  if (ticket === undefined) response.writeHead(401).end();
  else ticketPages.answer(got, response);
});
const kerberos = {
  GSS_MECH_OID_SPNEGO: 6,
  GSS_C_MUTUAL_FLAG: 2,
  async initializeClient(service: string, options: object) {
    const ticket = Buffer.from(JSON.stringify([service, options])).toString('base64');
    const client = { contextComplete: false, step };
    async function step(answer: string): Promise<string | null> {
      client.contextComplete = answer === ticket;
      return answer === '' ? ticket : null;
    }
    return client;
  },
};
const kerberosSection = { ...certsrvSection, url: `${ticketsAt.url}/certsrv`, user: undefined, password: undefined };

const aws = fakeAwsPca(signer);
Object.assign(globalThis, { wiringAwsPca: aws.sdk, wiringKerberos: kerberos });
const PACKAGES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-acm-pca': file('ca-services/acm-pca.cjs', 'module.exports = globalThis.wiringAwsPca;'),
  kerberos: file('ca-services/kerberos.cjs', 'module.exports = globalThis.wiringKerberos;'),
};
registerHooks({
  resolve(specifier, context, next) {
    const path = PACKAGES[specifier];
    return path === undefined
      ? next(specifier, context)
      : { url: pathToFileURL(path).href, format: 'commonjs', shortCircuit: true };
  },
});

const ISSUERS = {
  ejbca: { ejbca: ejbcaSection },
  'other-ejbca': {
    ejbca: {
      ...ejbcaSection,
      url: `${ejbcaAt.url}/ejbca/ejbca-rest-api/v1/`,
      ...(await clientFiles('second')),
      certificateAuthority: 'Users',
      certificateProfile: 'User',
      endEntityProfile: 'Entra',
      usernamePrefix: 'scep_',
      validityOverride: true,
      proxy: proxyUrl,
    },
  },
  'untrusted-ejbca': { ejbca: { ...ejbcaSection, trustOnly: undefined } },
  digicert: { digicert: digicertSection },
  'proxied-digicert': { digicert: { ...digicertSection, proxy: proxyUrl, validityOverride: true } },
  'other-seat': { digicert: { ...digicertSection, seat: 'dns' } },
  'other-key': { digicert: { ...digicertSection, apiKey: 'another-key' } },
  'other-profile': { digicert: { ...digicertSection, profileId: 'another-profile' } },
  'untrusted-digicert': { digicert: { ...digicertSection, trustOnly: undefined } },
  platform8: { digicertPlatform8: platform8Section },
  'other-platform8': {
    digicertPlatform8: {
      ...platform8Section,
      ...(await clientFiles('other RA')),
      proxy: proxyUrl,
      validityOverride: true,
    },
  },
  'other-platform8-seat': { digicertPlatform8: { ...platform8Section, seat: 'dns' } },
  'other-oid': { digicertPlatform8: { ...platform8Section, profileOid: '1.2.3' } },
  'untrusted-platform8': { digicertPlatform8: { ...platform8Section, trustOnly: undefined } },
  'platform8-rest': { digicertPlatform8Rest: restSection },
  'proxied-platform8-rest': { digicertPlatform8Rest: { ...restSection, proxy: proxyUrl, validityOverride: true } },
  'other-rest-seat': { digicertPlatform8Rest: { ...restSection, seat: 'dns' } },
  'other-rest-key': { digicertPlatform8Rest: { ...restSection, apiKey: 'another-rest-key' } },
  'other-rest-profile': { digicertPlatform8Rest: { ...restSection, profileId: '1.2.3' } },
  'untrusted-platform8-rest': { digicertPlatform8Rest: { ...restSection, trustOnly: undefined } },
  adcs: { adcs: cesSection },
  'bare-adcs': { adcs: { ...cesSection, request: 'pkcs10', proxy: proxyUrl } },
  'endless-adcs': { adcs: { ...cesSection, expirationDate: false } },
  'adcs-by-certificate': {
    adcs: {
      ...cesSection,
      url: cesForClients.url + CES_CERTIFICATE_PATH,
      user: undefined,
      password: undefined,
      ...(await clientFiles('account')),
    },
  },
  'looked-at-adcs': { adcs: { ...cesSection, policyUrl: cepAt.url + CEP_PATH } },
  'looked-at-by-certificate': {
    adcs: {
      ...cesSection,
      url: cesForClients.url + CES_CERTIFICATE_PATH,
      policyUrl: cepForClients.url + CEP_CERTIFICATE_PATH,
      user: undefined,
      password: undefined,
      ...(await clientFiles('looking account')),
    },
  },
  'other-user-adcs': { adcs: { ...cesSection, user: 'EXAMPLE\\other' } },
  'other-password-adcs': { adcs: { ...cesSection, password: 'another-password' } },
  'other-template-adcs': { adcs: { ...cesSection, template: 'User' } },
  'untrusted-adcs': { adcs: { ...cesSection, trustOnly: undefined } },
  certsrv: { adcs: certsrvSection },
  'endless-certsrv': { adcs: { ...certsrvSection, expirationDate: false, proxy: proxyUrl } },
  'certsrv-by-certificate': {
    adcs: {
      ...certsrvSection,
      url: `${certsrvForClients.url}/certsrv/`,
      user: undefined,
      password: undefined,
      ...(await clientFiles('browser')),
    },
  },
  'other-password-certsrv': { adcs: { ...certsrvSection, password: 'another-password' } },
  'other-template-certsrv': { adcs: { ...certsrvSection, template: 'User' } },
  'untrusted-certsrv': { adcs: { ...certsrvSection, trustOnly: undefined } },
  'kerberos-certsrv': { adcs: { ...kerberosSection, kerberos: {} } },
  'other-kerberos-certsrv': {
    adcs: { ...kerberosSection, kerberos: { principal: 'svc@EXAMPLE.COM', service: 'HTTP/ca1.example.com' } },
  },
  aws: { awsPca: { certificateAuthority: CA_ARN } },
  'other-aws': {
    awsPca: {
      certificateAuthority: CA_ARN,
      template: 'EndEntityCertificate/V1',
      region: 'eu-west-1',
      endpoint: 'https://vpce.example.com',
    },
  },
};

/** Authorities whose product is told when a certificate ends. */
const CHOSEN = ['other-ejbca', 'proxied-digicert', 'other-platform8', 'proxied-platform8-rest'];

const REVOKED: Readonly<Record<string, object>> = {
  'revoked-adcs': {
    adcs: revokedSection('revoked-adcs', { ca: 'ca1.example.com\\Example CA', parameters: { template: 'Device' } }),
  },
  'other-revoked-adcs': {
    adcs: revokedSection(
      'other-revoked-adcs',
      { operations: ['revoke', 'check'], parameters: { pause: '2500' } },
      'other',
    ),
  },
  'slowly-revoked-adcs': {
    adcs: revokedSection('slowly-revoked-adcs', { timeout: '6s', parameters: { pause: '12000' } }),
  },
};

const chain = certificateFile('ca-services/above.pem', root);
const serverWith = (issuers: Readonly<Record<string, object>>) =>
  shared(async () => ({
    authorities: Object.fromEntries(
      Object.entries(issuers).map(([name, issuer]) => [
        name,
        { certificate: issuingSection.certificate, chain, ra: issuingSection.ra, issuer: withoutUndefined(issuer) },
      ]),
    ),
    profiles: { fixed: { validity: '90d', maxValidity: '90d' }, chosen: { validity: '45d', maxValidity: '90d' } },
    endpoints: Object.keys(issuers).map((authority) => ({
      path: `/${authority}`,
      authority,
      profile: CHOSEN.includes(authority) ? 'chosen' : 'fixed',
      policy: { static: CHALLENGE },
    })),
  }));
const server = serverWith(ISSUERS);
/** One for each: a CA is told of its revocations by the first authority that has it. */
const revokedServers = new Map(Object.entries(REVOKED).map(([name, issuer]) => [name, serverWith({ [name]: issuer })]));
const withoutUndefined = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

/** What a device gets, and the last order of `got` if there was one for it. */
async function ordered(path: string, got: readonly Got[]): Promise<{ status: string; order: Got | undefined }> {
  const before = got.length;
  const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
  const order = got.slice(before).findLast(({ method, body }) => method === 'POST' && body.includes('"profile'));
  return { status, order: order ?? got.slice(before).findLast(({ path: asked }) => asked.includes('pkcs10enroll')) };
}

/** Asks one after the other: the fakes are shared. */
let last: Promise<unknown> = Promise.resolve();
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
};

const daysUntil = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Math.round((Date.parse(time) - Date.now()) / 86_400_000);

const askEjbca = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const { status, order } = await ordered(path, ejbcaAt.got);
    if (!order) return [status];
    const { username, ...body } = JSON.parse(order.body) as Record<string, string>;
    const names = ['certificate_authority_name', 'certificate_profile_name', 'end_entity_profile_name'];
    return [
      status,
      order.path,
      order.client,
      ...names.map((name) => body[name]),
      username!.replace(/[0-9a-f]{32}$/, ''),
      tunnels.has(order.peerPort),
      daysUntil(body['end_time']),
    ];
  });

const askDigicert = (path: string, got = digicertAt.got): Promise<unknown> =>
  inTurn(async () => {
    const { status, order } = await ordered(path, got);
    const { seat, validity } = (order ? JSON.parse(order.body) : {}) as {
      seat?: { seat_id: string };
      validity?: object;
    };
    return [status, seat?.seat_id.replace(/\d+$/, 'N') ?? 'no order', tunnels.has(order?.peerPort), validity];
  });

const askPlatform8 = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const before = platform8At.got.length;
    const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
    const order = platform8At.got.slice(before).find(({ path: asked }) => asked === '/pki-ws/enrollmentService');
    const [, seat = 'no order'] = /<enr:name>seat_id<\/enr:name><enr:value>(\D+)\d/.exec(order?.body ?? '') ?? [];
    const [, days] = /overrideValidityDays<\/enr:name><enr:value>(\d+)/.exec(order?.body ?? '') ?? [];
    return [status, seat, order?.client ?? 'nobody', tunnels.has(order?.peerPort), days];
  });

const askAdcs = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const [before, known] = [[...cesAt.got, ...cesForClients.got], ces.requests.size];
    const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
    const now = [...cesAt.got, ...cesForClients.got].filter((got) => !before.includes(got));
    const asked = now.find(({ body }) => body.includes('/200512/Issue<'));
    const { form, attributes = {} } = [...ces.requests.values()][known] ?? {};
    return [status, form, Object.keys(attributes), asked?.client, tunnels.has(asked?.peerPort)];
  });

const askCertsrv = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const before = [...certsrvAt.got, ...certsrvForClients.got];
    const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
    const asked = [...certsrvAt.got, ...certsrvForClients.got].filter((got) => !before.includes(got));
    const order = asked.find(({ method }) => method === 'POST');
    const attributes = (new URLSearchParams(order?.body).get('CertAttrib') ?? '').split('\r\n').slice(0, -1);
    return [status, attributes.map((line) => line.replace(/:.*/, '')), order?.client, tunnels.has(order?.peerPort)];
  });

/** Its certificate is refused, and a program revokes it. */
const askRevoker = async (path: string): Promise<unknown> => {
  const name = path.slice(1);
  const { url } = await revokedServers.get(name)!();
  const { status } = await enrolled(url(path), { subject: newSubject() });
  return [status, ...(await revocationAt(name)), askedOf(name)];
};

const askTickets = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const before = ticketsAt.got.length;
    const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
    const order = ticketsAt.got.slice(before).find(({ method }) => method === 'POST');
    const ticket = (order?.headers.authorization ?? '').replace('Negotiate ', '');
    return [status, JSON.parse(Buffer.from(ticket, 'base64').toString('utf8')) as unknown];
  });

const askAws = (path: string): Promise<unknown> =>
  inTurn(async () => {
    const before = aws.sent.length;
    const { status } = await enrolled((await server()).url(path), { subject: newSubject() });
    const order = aws.sent.slice(before).find(({ command }) => command === 'issue')?.input;
    const [place] = aws.settings.slice(path === '/aws' ? 0 : 1);
    return [status, order?.['CertificateAuthorityArn'], order?.['TemplateArn'], { ...place, maxAttempts: undefined }];
  });

const keysOf = (kind: string, keys: readonly string[]): string[] =>
  ['', ...keys].map((key) => `authorities.NAME.issuer.${kind}${key === '' ? '' : `.${key}`}`);

export const CA_SERVICES: readonly Row[] = [
  {
    keys: keysOf('ejbca', [
      'url',
      'trustOnly',
      'proxy',
      'clientCertificate',
      'clientKey',
      'certificateAuthority',
      'certificateProfile',
      'endEntityProfile',
      'usernamePrefix',
      'validityOverride',
    ]),
    question:
      'what a device gets, and what EJBCA was asked: path, client, CA, profiles, end entity, by the proxy or not, for how many days',
    ask: askEjbca,
    answers: {
      '/ejbca': [
        'issued',
        '/ejbca/ejbca-rest-api/v1/certificate/pkcs10enroll',
        'first',
        'Devices',
        'Device',
        'Intune',
        'openndes-',
        false,
        undefined,
      ],
      '/other-ejbca': [
        'issued',
        '/ejbca/ejbca-rest-api/v1/certificate/pkcs10enroll',
        'second',
        'Users',
        'User',
        'Entra',
        'scep_',
        true,
        45,
      ],
      '/untrusted-ejbca': ['pending'],
    },
  },
  {
    keys: keysOf('digicert', ['url', 'trustOnly', 'proxy', 'apiKey', 'profileId', 'seat', 'validityOverride']),
    question: 'what a device gets, for which seat DigiCert was asked, whether by the proxy, and for how long',
    ask: askDigicert,
    answers: {
      '/digicert': ['issued', 'device-N', false, undefined],
      '/proxied-digicert': ['issued', 'device-N', true, { unit: 'days', duration: 45 }],
      '/other-seat': ['failInfo 2', 'no order', false, undefined],
      '/other-key': ['pending', 'no order', false, undefined],
      '/other-profile': ['pending', 'no order', false, undefined],
      '/untrusted-digicert': ['pending', 'no order', false, undefined],
    },
  },
  {
    keys: keysOf('digicertPlatform8', [
      'url',
      'trustOnly',
      'proxy',
      'clientCertificate',
      'clientKey',
      'profileOid',
      'seat',
      'validityOverride',
    ]),
    question:
      'what a device gets, for which seat and by whom DigiCert was asked, whether by the proxy, and for how many days',
    ask: askPlatform8,
    answers: {
      '/platform8': ['issued', 'device-', 'RA', false, undefined],
      '/other-platform8': ['issued', 'device-', 'other RA', true, '45'],
      '/other-platform8-seat': ['failInfo 2', 'no order', 'nobody', false, undefined],
      '/other-oid': ['pending', 'no order', 'nobody', false, undefined],
      '/untrusted-platform8': ['pending', 'no order', 'nobody', false, undefined],
    },
  },
  {
    keys: keysOf('digicertPlatform8Rest', [
      'url',
      'trustOnly',
      'proxy',
      'apiKey',
      'profileId',
      'seat',
      'validityOverride',
    ]),
    question: 'what a device gets, for which seat DigiCert was asked by REST, whether by the proxy, and for how long',
    ask: (path) => askDigicert(path, platform8RestAt.got),
    answers: {
      '/platform8-rest': ['issued', 'device-N', false, undefined],
      '/proxied-platform8-rest': ['issued', 'device-N', true, { unit: 'days', duration: 45 }],
      '/other-rest-seat': ['failInfo 2', 'no order', false, undefined],
      '/other-rest-key': ['pending', 'no order', false, undefined],
      '/other-rest-profile': ['pending', 'no order', false, undefined],
      '/untrusted-platform8-rest': ['pending', 'no order', false, undefined],
    },
  },
  {
    keys: keysOf('adcs', [
      'url',
      'trustOnly',
      'proxy',
      'template',
      'user',
      'password',
      'clientCertificate',
      'clientKey',
      'request',
      'expirationDate',
      'policyUrl',
    ]),
    question:
      'what a device gets, how the CA was asked, for what beside the request, by whom, and whether by the proxy',
    ask: askAdcs,
    answers: {
      '/adcs': ['issued', 'cmc', ['CertificateTemplate', 'ExpirationDate'], undefined, false],
      '/bare-adcs': ['issued', 'pkcs10', ['CertificateTemplate'], undefined, true],
      '/endless-adcs': ['issued', 'cmc', ['CertificateTemplate'], undefined, false],
      '/adcs-by-certificate': ['issued', 'cmc', ['CertificateTemplate', 'ExpirationDate'], 'account', false],
      // The template is not among those of the policy service, so that nothing is ordered.
      '/looked-at-adcs': ['pending', undefined, [], undefined, false],
      '/looked-at-by-certificate': ['pending', undefined, [], undefined, false],
      '/other-user-adcs': ['pending', undefined, [], undefined, false],
      '/other-password-adcs': ['pending', undefined, [], undefined, false],
      '/other-template-adcs': ['failInfo 2', undefined, [], undefined, false],
      '/untrusted-adcs': ['pending', undefined, [], undefined, false],
    },
  },
  {
    keys: keysOf('adcs', ['via']),
    question: 'what a device gets, with which attributes certsrv was asked, by whom, and whether by the proxy',
    ask: askCertsrv,
    answers: {
      '/certsrv': ['issued', ['CertificateTemplate', 'ExpirationDate'], undefined, false],
      '/endless-certsrv': ['issued', ['CertificateTemplate'], undefined, true],
      '/certsrv-by-certificate': ['issued', ['CertificateTemplate', 'ExpirationDate'], 'browser', false],
      '/other-password-certsrv': ['pending', ['CertificateTemplate', 'ExpirationDate'], undefined, false],
      '/other-template-certsrv': ['failInfo 2', ['CertificateTemplate', 'ExpirationDate'], undefined, false],
      '/untrusted-certsrv': ['pending', [], undefined, false],
    },
  },
  {
    keys: keysOf('adcs.revoker', ['program', 'arguments', 'environment', 'parameters', 'ca', 'operations', 'timeout']),
    question:
      'what a device gets, what the program was given that revokes, whether it came to its end, and for what it was called',
    ask: askRevoker,
    answers: {
      '/revoked-adcs': ['failInfo 2', 'a token', 'ca1.example.com\\Example CA', 'Device', true, ['revoke']],
      '/other-revoked-adcs': ['failInfo 2', 'other', 'no CA', 'no template', true, ['check', 'revoke']],
      '/slowly-revoked-adcs': ['failInfo 2', 'a token', 'no CA', 'no template', false, ['revoke']],
    },
  },
  {
    keys: keysOf('adcs.kerberos', ['principal', 'service']),
    question: 'what a device gets, and for which service and with which options the ticket was',
    ask: askTickets,
    answers: {
      '/kerberos-certsrv': ['issued', ['HTTP@localhost', { mechOID: 6, flags: 2 }]],
      '/other-kerberos-certsrv': [
        'issued',
        ['HTTP@ca1.example.com', { mechOID: 6, flags: 2, principal: 'svc@EXAMPLE.COM' }],
      ],
    },
  },
  {
    keys: keysOf('awsPca', ['certificateAuthority', 'template', 'region', 'endpoint']),
    question: 'what a device gets, which CA and template AWS was asked for, and where',
    ask: askAws,
    answers: {
      '/aws': [
        'issued',
        CA_ARN,
        'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate/V1',
        { region: 'eu-central-1', maxAttempts: undefined },
      ],
      '/other-aws': [
        'issued',
        CA_ARN,
        'arn:aws:acm-pca:::template/EndEntityCertificate/V1',
        { region: 'eu-west-1', endpoint: 'https://vpce.example.com', maxAttempts: undefined },
      ],
    },
  },
];
