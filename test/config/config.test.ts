/** The values that a configuration becomes: defaults, units, paths, resolved references and profiles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { EXAMPLES } from '../../src/config/reference.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { AUTHORITIES, ENDPOINTS, FOLDER, load } from './config-under-test.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test('the smallest file gets every default', () => {
  const { config, warnings } = load(EXAMPLES.smallest, { env: { LAB_CHALLENGE: 'long enough' } });
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    listen: {
      workers: 'auto',
      bodyLimit: 262_144,
      mostRunning: 512,
      answerWithin: 10_000,
      drain: 5_000,
      grace: 30_000,
      places: [{ key: ['listen'], host: '0.0.0.0', port: 8080 }],
    },
    log: { level: 'info' },
    store: { kind: 'sqlite', path: `${FOLDER}/data/openndes.db` },
    keep: { der: 730 * DAY, transactions: 730 * DAY, audit: 2_557 * DAY },
    backup: {},
    messages: { expiring: [30 * DAY, 7 * DAY], refusedEvery: 3_600_000, webhooks: {} },
    trace: { days: 30, perDevice: 200, perEndpoint: 1_000_000 },
    audit: {},
    authorities: {
      issuing: {
        certificate: `${FOLDER}/certs/issuing-ca.pem`,
        key: `file:${FOLDER}/certs/issuing-ca.key.pem`,
        ra: 'auto',
        crl: { validity: 7 * 86_400_000 },
      },
    },
    profiles: { device: DEFAULT_PROFILE },
    tenants: {},
    endpoints: [
      {
        path: '/certsrv/mscep/mscep.dll',
        name: '/certsrv/mscep/mscep.dll',
        authority: { name: 'issuing', value: config.authorities['issuing'] },
        profile: { name: 'device', value: DEFAULT_PROFILE },
        policy: { kind: 'static', challenge: 'long enough' },
        legacy: [],
        requireSignerKeyMatch: false,
        signingTime: { past: DAY, future: HOUR },
        retention: DAY,
        renewal: true,
        landing: 'page',
        earlierCas: [],
      },
    ],
  });
});

test('several listeners: the keys of the whole server are those of the first one', () => {
  const listen = `listen:
  - { port: 8443, tls: { certificate: tls/a.pem, key: tls/a.key }, trustProxy: [loopback], grace: 10s }
  - { host: 127.0.0.1 }
`;
  const { config } = load(`${listen}${AUTHORITIES}${ENDPOINTS}`);
  assert.deepEqual(config.listen, {
    trustProxy: ['loopback'],
    workers: 'auto',
    bodyLimit: 262_144,
    mostRunning: 512,
    answerWithin: 10_000,
    drain: 5_000,
    grace: 10_000,
    places: [
      {
        key: ['listen', 0],
        host: '0.0.0.0',
        port: 8443,
        tls: { certificate: `${FOLDER}/tls/a.pem`, key: `${FOLDER}/tls/a.key` },
      },
      { key: ['listen', 1], host: '127.0.0.1', port: 8080 },
    ],
  });
});

test('the complete example of the documentation is accepted unchanged', () => {
  const { config, warnings } = load(EXAMPLES.complete, {
    env: {
      INTUNE_SECRET: 'app secret',
      LAB_CHALLENGE: 'lab challenge',
      OPENNDES_ADMIN_TOKEN: 'a-token-of-the-administrator',
    },
    files: { [`${FOLDER}/ndes.hash`]: `$scrypt$ln=16,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}\n` },
  });
  assert.deepEqual(warnings, []);
  assert.equal(config.publicUrl, 'https://scep.example.com');
  assert.deepEqual(config.listen.places[0].tls, { certificate: `${FOLDER}/tls.pem`, key: `${FOLDER}/tls.key` });
  assert.deepEqual(config.listen.trustProxy, ['10.0.0.0/8']);
  assert.deepEqual(config.tenants['corp']?.federated, { file: '/var/run/secrets/azure/tokens/azure-identity-token' });
  const [intune, lab, routers] = config.endpoints;
  assert.deepEqual(intune?.policy, {
    kind: 'intune',
    tenant: { name: 'corp', value: config.tenants['corp'] },
    notify: 'strict',
    onUnreachable: 'pending',
    precheck: 'on',
  });
  assert.deepEqual(lab?.policy, { kind: 'static', challenge: 'lab challenge' });
  assert.deepEqual(routers?.policy, { kind: 'oneTime', validity: HOUR, max: 5, length: 8 });
  assert.deepEqual([config.admin?.host, config.admin?.port], ['127.0.0.1', 8081]);
  assert.deepEqual(Object.keys(config.admin?.users ?? {}), ['ndes']);
  assert.deepEqual(routers?.legacy, ['sha1', 'des3']);
  assert.equal(routers?.signingTime, 'off');
});

test('a profile becomes a profile of the CA', () => {
  const text = `${AUTHORITIES}${ENDPOINTS}
profiles:
  wifi:
    validity: 90d
    maxValidity: 100d
    backdate: 0
    renewBefore: 30d
    minRsaBits: 3072
    keyUsage: [digitalSignature]
    extendedKeyUsage: [clientAuth, 1.3.6.1.5.2.3.4]
    subjectAltName: [upn]
    crl: [http://pki.example.com/ca.crl]
    aia: { caIssuers: [http://pki.example.com/ca.cer] }
`;
  assert.deepEqual(load(text).config.profiles, {
    wifi: {
      validity: 90 * DAY,
      maxValidity: 100 * DAY,
      backdate: 0,
      renewBefore: 30 * DAY,
      minRsaBits: 3072,
      maxRsaBits: 8192,
      sid: 'drop',
      keys: ['rsa', 'p256', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'],
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.2.3.4'],
      altNames: ['upn'],
      crl: ['http://pki.example.com/ca.crl'],
      authorityInfoAccess: { caIssuers: ['http://pki.example.com/ca.cer'] },
    },
  });
});

test('an endpoint with manual approval and without renewal', () => {
  const text = `${AUTHORITIES}endpoints: [{ policy: { static: abcdefgh }, approval: manual, renewal: false }]`;
  const [endpoint] = load(text).config.endpoints;
  assert.deepEqual([endpoint?.approval, endpoint?.renewal], ['manual', false]);
});

test('a key keeps its scheme; a path and `file:` become an absolute file URI, also in other letter case', () => {
  const keyOf = (key: string) =>
    load(`authorities: { issuing: { certificate: ca.pem, key: "${key}" } }\n${ENDPOINTS}`).config.authorities['issuing']
      ?.key;
  assert.equal(keyOf('ca.key'), `file:${FOLDER}/ca.key`);
  assert.equal(keyOf('file:ca.key'), `file:${FOLDER}/ca.key`);
  assert.equal(keyOf('FILE:/ca.key'), 'file:/ca.key');
  assert.equal(keyOf('pkcs11:token=x;object=ca'), 'pkcs11:token=x;object=ca');
});

test('the name of an endpoint is its path as written, unless it has a name', () => {
  const text = `${AUTHORITIES}endpoints: [{ path: /Scep/Lab/, policy: { static: abcdefgh } }, { path: /b, name: /old.path~1, policy: { static: abcdefgh } }]`;
  assert.deepEqual(
    load(text).config.endpoints.map(({ name }) => name),
    ['/Scep/Lab/', '/old.path~1'],
  );
});

test('an RA of your own, with retired ones', () => {
  const text = `${ENDPOINTS}
authorities:
  issuing:
    certificate: /ca/ca.pem
    chain: ../chain.pem
    key: file:/ca/ca.key
    passphrase: of the key
    ra: { certificate: ra.pem, key: ra.key, retired: [{ certificate: old.pem, key: "file:old.key", passphrase: old }] }
`;
  assert.deepEqual(load(text).config.authorities['issuing'], {
    certificate: '/ca/ca.pem',
    chain: '/etc/chain.pem',
    key: 'file:/ca/ca.key',
    passphrase: 'of the key',
    ra: {
      certificate: `${FOLDER}/ra.pem`,
      key: `file:${FOLDER}/ra.key`,
      retired: [{ certificate: `${FOLDER}/old.pem`, key: `file:${FOLDER}/old.key`, passphrase: 'old' }],
    },
    crl: { validity: 7 * 86_400_000 },
  });
});

test('A04 G08 a split RA, a next CA and lists that are valid for two days', () => {
  const text = `${ENDPOINTS}
authorities:
  issuing:
    certificate: ca.pem
    key: ca.key
    ra: split
    crl: { validity: 2d }
    next: { certificate: next.pem, chain: above.pem }
`;
  assert.deepEqual(load(text).config.authorities['issuing'], {
    certificate: `${FOLDER}/ca.pem`,
    key: `file:${FOLDER}/ca.key`,
    ra: 'split',
    crl: { validity: 2 * 86_400_000 },
    next: { certificate: `${FOLDER}/next.pem`, chain: `${FOLDER}/above.pem` },
  });
});

test('a file that an endpoint names is read once', () => {
  const read: string[] = [];
  const hook = 'url: https://a.example/x, secret: 0123456789abcdef, trustCa: ca.pem';
  loadConfig({
    file: `${FOLDER}/openndes.yaml`,
    text: `${AUTHORITIES}endpoints: [{ policy: { anyOf: [{ static: abcdefgh }, { webhook: { ${hook} } }] } }]`,
    env: {},
    readFile: (path) => {
      read.push(path);
      return '-----BEGIN CERTIFICATE-----';
    },
  });
  assert.deepEqual(read, [`${FOLDER}/ca.pem`]);
});

test('a tenant in a cloud of its own, with its CA read', () => {
  const pem = '-----BEGIN CERTIFICATE-----\n';
  const text = `${AUTHORITIES}
tenants:
  sim:
    tenant: example.com
    clientId: 00000000-0000-0000-0000-000000000001
    clientSecret: secret
    cloud: { login: https://127.0.0.1:1/, graph: "https://127.0.0.1:2", intune: "https://127.0.0.1:3" }
    trustCa: sim-ca.pem
    proxy: http://proxy:3128
    revocation: on
endpoints: [{ policy: { intune: sim, notify: outbox, onUnreachable: fail, precheck: off } }]
`;
  const { config } = load(text, { files: { [`${FOLDER}/sim-ca.pem`]: pem } });
  assert.deepEqual(config.tenants['sim'], {
    tenant: 'example.com',
    clientId: '00000000-0000-0000-0000-000000000001',
    clientSecret: 'secret',
    cloud: { login: 'https://127.0.0.1:1', graph: 'https://127.0.0.1:2', intune: 'https://127.0.0.1:3' },
    trustCa: pem,
    proxy: 'http://proxy:3128',
    revocation: 'on',
  });
  assert.deepEqual(config.endpoints[0]?.policy, {
    kind: 'intune',
    tenant: { name: 'sim', value: config.tenants['sim'] },
    notify: 'outbox',
    onUnreachable: 'fail',
    precheck: 'off',
  });
});

test('a signing time window with one key has the default of the other', () => {
  const text = `${AUTHORITIES}endpoints: [{ policy: { static: abcdefgh }, signingTime: { past: 0 } }]`;
  assert.deepEqual(load(text).config.endpoints[0]?.signingTime, { past: 0, future: HOUR });
});

test('an alias has the value of its anchor', () => {
  const text = `${AUTHORITIES}endpoints: [{ path: /a, policy: &p { static: abcdefgh } }, { path: /b, policy: *p }]`;
  const [a, b] = load(text).config.endpoints;
  assert.deepEqual(a?.policy, b?.policy);
});

const WARNINGS = {
  'a short static challenge': [
    'endpoints: [{ policy: { static: abcdefg } }]',
    '2:33 endpoints[0].policy.static: a challenge of fewer than 8 characters can be guessed',
  ],
  'requireSignerKeyMatch under Intune': [
    'endpoints: [{ policy: { intune: corp }, requireSignerKeyMatch: true }]',
    '2:64 endpoints[0].requireSignerKeyMatch: no Windows device of the tenant will get a certificate',
  ],
  'a static challenge beside Intune on one authority': [
    'endpoints: [{ policy: { intune: corp } }, { path: /lab, policy: { static: abcdefgh } }]',
    '2:65 endpoints[1].policy: no policy here compares names, and endpoints[0] issues from the same authority for Intune',
  ],
  'a configured RA for two parties': [
    'endpoints: [{ path: /a, policy: { webhook: { url: http://localhost:1, secret: 0123456789abcdef } } }, { path: /b, policy: { static: abcdefgh } }]',
    '2:33 endpoints[0].policy: the RA of the authority is configured and opens messages for endpoints[1] too',
    'none',
  ],
  'single DES': [
    'endpoints: [{ policy: { static: abcdefgh }, legacy: [des3, des] }]',
    '2:53 endpoints[0].legacy: single DES can be broken',
  ],
  'a profile for every purpose': [
    'profiles: { device: { extendedKeyUsage: [clientAuth, anyExtendedKeyUsage] } }\nendpoints: [{ policy: { static: abcdefgh } }]',
    '2:54 profiles.device.extendedKeyUsage[1]: some readers take anyExtendedKeyUsage for every purpose',
  ],
} as const;

for (const [title, [endpoints, expected, ra = 'auto']] of Object.entries(WARNINGS))
  test(`warning: ${title}`, () => {
    const tenants =
      'tenants: { corp: { tenant: a, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: s } }\n';
    const authorities = AUTHORITIES.replace('ca.key }', `ca.key, ra: ${ra} }`);
    const { warnings } = load(`${authorities}${endpoints}\n${tenants}`);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.startsWith(`${FOLDER}/openndes.yaml:${expected}`), warnings[0]);
  });
