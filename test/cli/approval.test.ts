/** Manual approval from end to end: `openndes enroll`, a running server, and `openndes certs`. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Pend } from '../../src/core/policy.ts';
import type { Extension } from '../../src/core/request.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import type { Pending } from '../../src/core/store.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { startEnrollment } from '../../src/embed/enrollment.ts';
import { listRequests } from '../../src/manage/pending-requests.ts';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage } from '../../src/pkix/extensions.ts';
import { OID } from '../../src/pkix/oids.ts';
import { encode, ia5String, octetString, sequence } from '../../src/asn1/writer.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { handClock } from '../kit/clock.ts';
import { authority } from '../kit/endpoint-under-test.ts';
import { ecKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { allows } from '../kit/policy.ts';
import { pendingFor } from '../../src/testing/store-samples.ts';
import { client, issuing, ra, random, root } from '../kit/pki.ts';
import { fields, installed, rows, run, type Said } from '../app/installation.ts';

const manual = (config: string): string => config.replace('profile: device', 'profile: device\n    approval: manual');

async function approving(t: TestContext) {
  const installation = await installed(t, manual);
  const { url } = await installation.started();
  const { folder, challenge } = installation;
  const dir = join(folder, 'laptop');
  const enroll = (...more: string[]): Promise<Said> =>
    run(
      'enroll',
      url,
      '--subject',
      'CN=laptop',
      '--san',
      'upn:ada@example.com',
      '--challenge',
      challenge,
      '--out',
      dir,
      ...more,
    );
  const waiting = async () => rows(await installation.cli('certs', 'pending', '--json'));
  return { ...installation, url, dir, enroll, waiting };
}

const publicKeyOf = (pem: Buffer): string => {
  const { n } = createPrivateKey(pem).export({ format: 'jwk' });
  return String(n);
};

test('G01 enroll waits (exit 3); after certs approve the same command gets the certificate for the same key', async (t) => {
  const { dir, enroll, waiting, cli, challenge } = await approving(t);
  const first = await enroll('--json');
  assert.equal(first.code, 3, first.err);
  assert.equal(fields(first)['status'], 'pending');
  assert.deepEqual(readdirSync(dir).toSorted(), ['waiting.csr', 'waiting.key.pem']);
  const key = publicKeyOf(readFileSync(join(dir, 'waiting.key.pem')));
  assert.equal((await enroll()).code, 3);

  const [request, ...others] = await waiting();
  assert.equal(others.length, 0);
  const { id, since, transactionId, notBefore, notAfter, ...shown } = request!;
  const days = (Date.parse(notAfter!) - Date.now()) / 86_400_000;
  assert.ok(days > 364.9 && days <= 365, notAfter);
  assert.ok(Date.parse(notBefore!) < Date.now());
  assert.match(id!, /^[0-9a-f]{40}$/);
  assert.ok(Math.abs(Date.parse(since!) - Date.now()) < 600_000);
  assert.equal(transactionId, fields(first)['transactionId']);
  assert.deepEqual(shown, {
    reason: 'approval',
    endpoint: '/certsrv/mscep/mscep.dll',
    subject: 'CN=laptop',
    names: ['otherName:ada@example.com'],
    key: 'RSA 2048',
    profile: 'device',
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['clientAuth'],
    signerKey: 'requested',
  });
  const listing = await cli('certs', 'pending');
  const words = [
    id!,
    'approval',
    'CN=laptop',
    'ada@example.com',
    'device',
    'RSA 2048',
    'keyEncipherment',
    'clientAuth',
  ];
  for (const word of [...words, notAfter!.slice(0, 10), 'requested key']) assert.ok(listing.out.includes(word), word);
  assert.ok(!listing.out.includes(challenge));

  const approved = await cli('certs', 'approve', id!.slice(0, 5).toUpperCase());
  assert.deepEqual(approved, { code: 0, out: 'approved: CN=laptop', err: '' });
  assert.deepEqual(await waiting(), []);
  const last = await enroll('--json');
  assert.equal(last.code, 0, last.err);
  assert.deepEqual(readdirSync(dir).toSorted(), ['certificate.pem', 'chain.pem', 'key.pem']);
  const certificate = new X509Certificate(readFileSync(join(dir, 'certificate.pem')));
  assert.equal(String(certificate.publicKey.export({ format: 'jwk' })['n']), key);
  assert.equal(publicKeyOf(readFileSync(join(dir, 'key.pem'))), key);
  assert.equal(fields(last)['transactionId'], transactionId);
  const { username, uid } = userInfo();
  const history = (await cli('certs', 'show', certificate.serialNumber)).out.split('\n').slice(-3);
  assert.deepEqual(
    history.map((line) => line.replace(/^\d{4}-\S+Z {2}/, '')),
    [
      'issued  by the device (scep)',
      `approved  by ${username} (uid ${uid}) (cli)`,
      'pending  approval  by the device (scep)',
    ],
  );
});

test('G03 certs reject: the same command is refused (exit 2), and the next one sends a new request', async (t) => {
  const { dir, enroll, waiting, cli } = await approving(t);
  await enroll();
  const { id } = (await waiting())[0]!;
  assert.deepEqual(await cli('certs', 'reject', id!), { code: 0, out: 'rejected: CN=laptop', err: '' });
  const refused = await enroll('--json');
  assert.deepEqual([refused.code, fields(refused)['failInfo']], [2, 'badRequest']);
  assert.deepEqual(readdirSync(dir), []);
  assert.equal((await enroll()).code, 3);
  assert.equal((await waiting()).length, 1);
});

test('a request with an ECDSA key, whose signature differs each time, waits once and gets one certificate', async (t) => {
  const { enroll, waiting, cli } = await approving(t);
  for (let i = 0; i < 2; i++) assert.equal((await enroll('--key', 'p256')).code, 3);
  const [request, ...others] = await waiting();
  assert.equal(others.length, 0);
  await cli('certs', 'approve', request!['id']!);
  assert.equal((await enroll('--key', 'p256')).code, 0);
  assert.equal(rows(await cli('certs', 'list', '--json')).length, 1);
});

test('what would be signed is the request within the profile, and a request that the CA would refuse says so', async (t) => {
  const wide = [
    keyUsage(['digitalSignature', 'nonRepudiation', 'keyAgreement']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.20.2.2', '1.3.6.1.5.5.7.3.4']),
  ];
  const waits = async (n: number, key: SoftwareKey, extensions: Extension[], endpoint = NDES): Promise<Pending> => {
    const csr = await writeCertificationRequest({ subject: nameFromText('CN=x'), extensions }, key);
    const { transaction, ...rest } = pendingFor(n);
    return { ...rest, transaction: { ...transaction, csr, endpoint } };
  };
  const cli = await withWaiting(
    t,
    await waits(1, ecKey('approval'), wide),
    await waits(2, client.key, [extendedKeyUsage(['1.3.6.1.5.5.7.3.4'])]),
    await waits(3, client.key, [], '/gone'),
  );
  const waiting = rows(await cli('certs', 'pending', '--json'));
  assert.deepEqual(
    waiting.map(({ key, keyUsage, extendedKeyUsage, profile, refused }) => [
      key,
      keyUsage,
      extendedKeyUsage,
      profile,
      refused,
    ]),
    [
      ['EC 256', ['digitalSignature'], ['clientAuth'], 'device', undefined],
      [
        'RSA 2048',
        undefined,
        undefined,
        'device',
        'extended key usage 1.3.6.1.5.5.7.3.4: the profile allows none of them',
      ],
      [
        'RSA 2048',
        undefined,
        undefined,
        undefined,
        'no endpoint of the configuration has this name, or its section has a problem',
      ],
    ],
  );
  const { out } = await cli('certs', 'pending');
  assert.match(out, /EC 256 .*digitalSignature .*clientAuth/);
  assert.match(out, /the profile allows none of them$/m);
});

test('the list needs no secret and no key: neither variables of policies nor the right to read the key of the CA', async (t) => {
  const { folder, config, cli } = await installed(t, (text) =>
    text.replace(/policy: .*/, 'policy: { static: "${env:NOT_SET_ANYWHERE}" }'),
  );
  const store = await openConfiguredStore(config);
  const csr = await writeCertificationRequest({ subject: nameFromText('CN=x') }, client.key);
  const { transaction, ...rest } = pendingFor(1);
  await store.recordPending({ ...rest, transaction: { ...transaction, csr, endpoint: NDES } });
  await store.close();
  rmSync(join(folder, 'certs/issuing-ca.key.pem'));
  const [request] = rows(await cli('certs', 'pending', '--json'));
  assert.deepEqual([request!['refused'], request!['extendedKeyUsage']], [undefined, ['clientAuth']]);
  rmSync(join(folder, 'certs/issuing-ca.pem'));
  const [later] = rows(await cli('certs', 'pending', '--json'));
  assert.match(later!['refused']!, /issuing-ca\.pem: there is no such file/);
});

const NDES = '/certsrv/mscep/mscep.dll';

/** A command line over a store with these waiting requests. */
async function withWaiting(t: TestContext, ...waiting: Pending[]) {
  const { config, cli } = await installed(t);
  const store = await openConfiguredStore(config);
  for (const pending of waiting) await store.recordPending(pending);
  await store.close();
  return cli;
}

const withKey = (n: number, key: string, reason: Pend['reason'] = 'approval'): Pending => {
  const { transaction, ...rest } = pendingFor(n, { reason });
  const { csr: _csr, ...others } = transaction;
  return { ...rest, transaction: { ...others, key } };
};

test('certs pending --reason, and a page that is not the last: how many there are, and how to go on', async (t) => {
  const { folder, cli } = await installed(t);
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: handClock() });
  for (let n = 1; n <= 70; n++) {
    const { transaction, ...rest } = pendingFor(n, { reason: n % 10 === 0 ? 'approval' : 'unreachable' });
    const { csr: _csr, ...withoutCsr } = transaction;
    await store.recordPending({ ...rest, transaction: withoutCsr });
  }
  await store.close();
  const pending = async (...args: string[]) => {
    const { out, err } = await cli('certs', 'pending', ...args);
    return [out.split('\n').length - 1, err.replace(/[0-9a-f]{40,}$/, 'ID')];
  };
  assert.deepEqual(await pending(), [50, '50 of 70; 20 more: --after ID']);
  assert.deepEqual(await pending('--reason', 'approval'), [7, '']);
  assert.deepEqual(await pending('--reason', 'unreachable', '--limit', '9'), [9, '9 of 63; 54 more: --after ID']);
  const { code, err } = await cli('certs', 'pending', '--after', 'ffff');
  assert.deepEqual([code, err], [1, 'no request waits under ffff: see openndes certs pending']);
});

test('an id of no request, of several, or of a decided one: exit 1 with the reason, and nothing changes', async (t) => {
  const poll = 'e'.repeat(32);
  const twins = [poll + 'a'.repeat(40) + 'b'.repeat(24), poll + 'a'.repeat(40) + 'c'.repeat(24)];
  const cli = await withWaiting(t, ...twins.map((key, n) => withKey(n, key)), withKey(5, poll + 'd'.repeat(64)));
  const ids = rows(await cli('certs', 'pending', '--json')).map(({ id }) => id);
  assert.deepEqual(ids, [`${'a'.repeat(40)}b`, `${'a'.repeat(40)}c`, 'd'.repeat(41)]);
  for (const command of ['approve', 'reject']) {
    assert.match((await cli('certs', command, 'ffff')).err, /no request waits under ffff/);
    // The PollKey: all requests of this sender under this transactionID begin with it, so it names none of them.
    assert.match((await cli('certs', command, poll)).err, /no request waits under eeee/);
    assert.match((await cli('certs', command, '')).err, /no request/);
    const ambiguous = await cli('certs', command, 'aaaa');
    assert.deepEqual([ambiguous.code, ambiguous.out], [1, '']);
    assert.match(ambiguous.err, /beginning of 2 ids/);
  }
  assert.equal((await cli('certs', 'approve', 'dd')).code, 0);
  const again = await cli('certs', 'reject', 'dd');
  assert.deepEqual([again.code, again.err], [1, 'no request waits under dd: see openndes certs pending']);
  assert.equal((await cli('certs', 'approve', ids[0]!)).code, 0);
});

test('a request that waits for its policy cannot be approved, and can be rejected', async (t) => {
  for (const [reason, why] of [
    ['unreachable', 'which could not be reached'],
    ['undecided', 'which has not decided yet'],
  ] as const) {
    const cli = await withWaiting(t, withKey(1, 'e'.repeat(32) + 'd'.repeat(64), reason));
    const approved = await cli('certs', 'approve', 'dd');
    assert.equal(approved.code, 1);
    assert.equal(
      approved.err,
      `dd cannot be approved: it waits for its policy, ${why}; only the policy can allow it (${reason})`,
    );
    assert.equal((await cli('certs', 'reject', 'dd')).code, 0);
  }
});

test('names cannot control the terminal, and a malformed name does not hide the other requests', async (t) => {
  const uri = (text: string) => sequence(encode(0x86, Buffer.from(text, 'latin1')));
  const waiting = async (n: number, value: Uint8Array): Promise<Pending> => {
    const extensions = [{ oid: OID.subjectAltName, critical: false, value }];
    const csr = await writeCertificationRequest({ subject: nameFromText('CN=x'), extensions }, client.key);
    const { transaction, ...rest } = pendingFor(n);
    return { ...rest, transaction: { ...transaction, subject: 'CN=\u202ex', csr } };
  };
  const cli = await withWaiting(
    t,
    await waiting(1, uri('\u001b[2Jowned\u009b')),
    await waiting(2, octetString(Buffer.of(1))),
    await waiting(3, encode(0x30, ia5String('x'))),
  );
  const { code, out } = await cli('certs', 'pending');
  assert.equal(code, 0);
  assert.equal(out.split('\n').length, 4);
  assert.doesNotMatch(out.replaceAll('\n', ''), /\p{C}/u);
  assert.match(out, /uri:\\u\{1b\}\[2Jowned\\u\{9b\}/);
  assert.match(out, /CN=\\u\{202e\}x/);
  assert.equal(out.match(/\(malformed, will be refused\)/g)?.length, 2);
});

test('S07 the list of waiting requests does not contain the challenge', async () => {
  const store = await openSqliteStore({ path: ':memory:', clock: handClock() });
  const challenge = 'very secret challenge';
  const csr = await writeCertificationRequest({ subject: nameFromText('CN=x'), challenge }, client.key);
  const { transaction, ...rest } = pendingFor(1);
  await store.recordPending({ ...rest, transaction: { ...transaction, csr } });
  const shown = JSON.stringify(await listRequests({ store }, async () => ({ refused: 'not planned here' })));
  assert.match(shown, /transaction-1/);
  assert.ok(!shown.includes(challenge) && !shown.includes(Buffer.from(challenge).toString('base64').slice(0, 12)));
  await store.close();
});

test('manual approval with a policy that must be notified is refused at the start', async () => {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const chain = [issuing.certificate, root.certificate];
  const start = (policy: Parameters<typeof startEnrollment>[0]['endpoints'][0]['policy']) =>
    startEnrollment({
      endpoints: [{ path: '/scep', policy, issuer: authority(clock), ra, chain, approval: 'manual' }],
      store,
      logger: keptLog(),
      clock,
      random,
    });
  assert.throws(
    () => start(allows('strict')),
    (error) => error instanceof ConfigError && /manual approval/.test(error.message),
  );
  await start(staticPolicy({ challenge: 'long enough' })).close();
  await store.close();
});
