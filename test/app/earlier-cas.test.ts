/** `renewal.from` on a started server and in `check`: whose certificates renew, where the list comes from, what is refused. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createRoot } from '../../src/ca/create.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import type { Keyed } from '../kit/pki.ts';
import { ecKey } from '../kit/keys.ts';
import { pem } from '../kit/openssl.ts';
import { deviceKey, enrolled } from '../wiring/device.ts';
import { installed } from './installation.ts';

const DAY = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);
const key = ecKey('earlier ca');
const root = (subject: string, validity: number): Promise<Uint8Array> =>
  createRoot({ subject, key, validity, backdate: 20 * DAY, clock: systemClock, random: systemRandom });
const ndes: Keyed = { key, certificate: await root('CN=NDES CA', 300 * DAY) };

const listOf = (thisUpdate: Date, ...serials: number[]): Promise<Uint8Array> =>
  writeCrl({
    issuer: ndes,
    revoked: serials.map((serial) => ({
      serialNumber: Buffer.of(serial),
      revokedAt: thisUpdate,
      reason: 'superseded',
      notAfter: inDays(99),
    })),
    thisUpdate,
    validity: 7 * DAY,
    number: 1,
  });

async function deviceOf(serial: number): Promise<Keyed> {
  const plan = {
    serialNumber: Buffer.of(serial),
    issuer: readCertificate(ndes.certificate).subject,
    subject: nameFromText(`CN=device-${serial}`),
    notBefore: inDays(-9),
    notAfter: inDays(99),
    spki: deviceKey.spki,
    extensions: [],
  };
  return { certificate: await writeCertificate(plan, key), key: deviceKey };
}

/** An installation whose endpoint has this `renewal`, with the certificate of the earlier CA in `ndes.pem`. */
async function withRenewal(t: TestContext, renewal: string) {
  const place = await installed(t, (text) => text.replace(/^( +)- path: .*$/m, `$&\n$1  renewal: ${renewal}`));
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(place.folder, name), content);
  write('ndes.pem', pem(ndes.certificate));
  return { ...place, write };
}

const renews = async (url: string, serial: number): Promise<string> =>
  (await enrolled(url, { subject: `CN=device-${serial}`, challenge: '', signer: await deviceOf(serial) })).status;

test('a list under a URL: revoked is refused, others renew; while there is none at the start, nothing renews', async (t) => {
  let list: Uint8Array | undefined = await listOf(inDays(-1), 0x11);
  const calls: string[] = [];
  const server = createServer(({ url = '' }, reply) => {
    calls.push(url);
    if (list) reply.end(list);
    else reply.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  t.after(() => void (server.closeAllConnections(), server.close()));
  await new Promise((listening) => server.once('listening', listening));
  const crl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/CertEnroll/ndes.crl`;
  const place = await withRenewal(t, `{ from: [{ certificate: ndes.pem, crl: "${crl}" }] }`);
  const { url, close } = await place.started();
  assert.deepEqual(calls, [], 'not before a certificate of that CA signs a request');
  assert.deepEqual([await renews(url, 0x12), await renews(url, 0x11)], ['issued', 'failInfo 2']);
  assert.deepEqual(calls, ['/CertEnroll/ndes.crl']);
  list = undefined;
  assert.equal(await renews(url, 0x13), 'issued', 'the list that was read is valid');
  await close();
  const { url: other } = await place.started();
  assert.equal(await renews(other, 0x14), 'failInfo 2');
  const { challenge } = place;
  const signer = await deviceOf(0x14);
  assert.equal((await enrolled(other, { subject: 'CN=device-20', challenge, signer })).status, 'issued');
});

const posix = { skip: process.platform === 'win32' };
const PROBLEMS: readonly [string, string, RegExp][] = [
  [
    'no such file',
    '{ from: [none.pem] }',
    /endpoints\[0\]\.renewal\.from\[0\]: .*none\.pem: there is no such file \(an earlier CA certificate\)/,
  ],
  ['a device', '{ from: [device.pem] }', /renewal\.from\[0\]: CN=device-17: not a CA certificate/],
  ['two certificates', '{ from: [two.pem] }', /two\.pem: 2 certificates\. Give each earlier CA a file of its own/],
  [
    'the present CA',
    '{ from: [ndes.pem, certs/issuing-ca.pem] }',
    /renewal\.from\[1\]: CN=Test Issuing CA: this is the present CA of the endpoint/,
  ],
  ['an empty list', '{ from: [] }', /renewal\.from: no CA in it/],
  ['no `from`', '{ crl: x }', /renewal\.crl: unknown key/],
  [
    'a list by LDAP',
    '{ from: [{ certificate: ndes.pem, crl: "ldap://dc/cn=x" }] }',
    /from\[0\]\.crl: neither a path nor a URL with http or https/,
  ],
  [
    'a password in the URL',
    '{ from: [{ certificate: ndes.pem, crl: "http://a:secret@dc/x" }] }',
    /from\[0\]\.crl: neither a path nor a URL/,
  ],
];
for (const [what, renewal, problem] of PROBLEMS)
  test(`check refuses ${what}`, async (t) => {
    const { cli, write } = await withRenewal(t, renewal);
    write('device.pem', pem((await deviceOf(0x11)).certificate));
    write('two.pem', pem(ndes.certificate) + pem(ndes.certificate));
    const { code, err } = await cli('check');
    assert.equal(code, 78, err);
    assert.match(err, problem);
    assert.doesNotMatch(err, /secret/);
  });

test(
  'check warns of a CA that has ended or has no list, and of a list that is not a valid one of it',
  posix,
  async (t) => {
    const entries = [
      'ndes.pem',
      'ended.pem',
      ...['none', 'stale', 'foreign', 'good'].map((name) => `{ certificate: ndes.pem, crl: ${name}.crl }`),
    ];
    const { cli, write } = await withRenewal(t, `{ from: [${entries.join(', ')}] }`);
    write('ended.pem', pem(await root('CN=Ended CA', -1 * DAY)));
    write('stale.crl', await listOf(inDays(-8)));
    write('good.crl', await listOf(inDays(-1)));
    const other = ecKey('another');
    const wanted = {
      subject: 'CN=Other',
      key: other,
      validity: 99 * DAY,
      backdate: DAY,
      clock: systemClock,
      random: systemRandom,
    };
    const issuer = { certificate: await createRoot(wanted), key: other };
    write('foreign.crl', await writeCrl({ issuer, revoked: [], thisUpdate: systemClock(), validity: DAY, number: 1 }));
    const { code, err } = await cli('check');
    assert.equal(code, 0, err);
    const found = err.split('\n').filter((line) => line.includes('renewal.from'));
    const expected = [
      /from\[0\]: CN=NDES CA has no revocation list here, so a certificate that it revoked still renews/,
      /from\[1\]: CN=Ended CA ended at .*, so none of its certificates renews any more\. Remove it/,
      /from\[2\]: .*none\.crl: no valid revocation list of CN=NDES CA, .*there is no such file/,
      /from\[3\]: .*stale\.crl: no valid revocation list of CN=NDES CA, .*: it ended at/,
      /from\[4\]: .*foreign\.crl: no valid revocation list of CN=NDES CA, .*: it is not signed with the key of CN=NDES CA/,
    ];
    assert.equal(found.length, expected.length, err);
    for (const [index, words] of expected.entries()) assert.match(found[index]!, words);
  },
);
