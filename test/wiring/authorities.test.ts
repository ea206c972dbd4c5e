/** Which of several keys and lists a running server uses: the halves of a split RA, earlier RAs, lists of two authorities. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import * as pkijs from 'pkijs';
import { discover, getCrl } from '../../src/client/scep-client.ts';
import { keyFromPem } from '../../src/keys/software.ts';
import { rsaKey } from '../kit/keys.ts';
import type { Keyed } from '../kit/pki.ts';
import { eventsAt, receiver, SECRET } from './receiver.ts';
import { readSigned, verifies } from '../kit/pkijs.ts';
import { deviceKey, enrolled, forgery, posted, signerSerial, statusOf } from './device.ts';
import {
  certificateFile,
  clock,
  issuing,
  issuingSection,
  keyedFiles,
  random,
  raOf,
  root,
  secondSection,
} from './files.ts';
import { CHALLENGE, configured, started } from './server.ts';

const chain = certificateFile('above.pem', root);
const serialIn = (path: string): string => new X509Certificate(readFileSync(path)).serialNumber;

test('a split RA signs with its half for signing, and opens with the other one', async () => {
  const authority = { ...keyedFiles('split/ca', issuing), chain, ra: 'split' };
  const { url, close } = await started(configured({ authorities: { issuing: authority } }));
  const { status, message } = await enrolled(url('/plain'));
  await close();
  const folder = dirname(authority.certificate);
  assert.equal(status, 'issued');
  assert.equal(signerSerial(message), serialIn(join(folder, 'ra-sign.pem')));
  assert.notEqual(signerSerial(message), serialIn(join(folder, 'ra-enc.pem')));
  assert.equal(await verifies(readSigned(message)), true);
});

test('a message to the RA before the present one opens after each restart, and that RA answers; the present one answers the others', async () => {
  const authority = { ...keyedFiles('renewing/ca', issuing), chain };
  const folder = dirname(authority.certificate);
  // It ends so soon that the first start makes another.
  const earlier = await raOf(issuing, rsaKey('wiring ra'), 10);
  keyedFiles('renewing/ra', earlier);
  const config = configured({ authorities: { issuing: authority } });
  for (const start of ['first', 'second']) {
    const { url, close } = await started(config);
    const { status, body } = await posted(url('/plain'), await forgery({ to: earlier }));
    const other = await enrolled(url('/plain'));
    await close();
    assert.equal(status, 200, start);
    assert.equal(statusOf(body), 'issued', start);
    const [present, before] = [serialIn(join(folder, 'ra.pem')), new X509Certificate(earlier.certificate).serialNumber];
    assert.notEqual(present, before);
    assert.deepEqual([signerSerial(body), signerSerial(other.message)], [before, present], start);
  }
  assert.equal(readdirSync(folder).filter((name) => /^ra-[0-9a-f]{16}\.pem$/.test(name)).length, 1);
});

test('a message for one endpoint does not open where another party is told the challenge, and that party learns nothing', async () => {
  const authority = { ...keyedFiles('parties/ca', issuing), chain };
  const { http } = await receiver();
  const webhook = { url: `http://127.0.0.1:${http}/allow/parties`, secret: SECRET, notify: 'none' };
  const endpoints = [
    { path: '/static', policy: { static: CHALLENGE } },
    { path: '/hook', policy: { webhook } },
    { path: '/hook-again', policy: { webhook } },
  ];
  const { url } = await started(configured({ authorities: { issuing: authority }, endpoints }));
  const keyed = (folder: string, name = 'ra'): Keyed => ({
    certificate: new X509Certificate(readFileSync(join(folder, `${name}.pem`))).raw,
    key: keyFromPem(readFileSync(join(folder, `${name}.key.pem`), 'utf8'), name),
  });
  const folder = dirname(authority.certificate);
  const [party, ...others] = readdirSync(folder).filter((name) => /^ra-webhook-[0-9a-f]{8}$/.test(name));
  assert.equal(others.length, 0, 'one RA for one party');
  const recorded = await forgery({ to: keyed(folder) });
  assert.equal(statusOf((await posted(url('/hook'), recorded)).body), 'failInfo 2');
  assert.deepEqual(eventsAt('/allow/parties'), []);
  assert.equal(statusOf((await posted(url('/static'), recorded)).body), 'issued');
  const own = await forgery({ to: keyed(join(folder, party!)) });
  assert.equal(statusOf((await posted(url('/static'), own)).body), 'failInfo 2');
  assert.equal(statusOf((await posted(url('/hook-again'), own)).body), 'issued');
  assert.deepEqual(eventsAt('/allow/parties'), ['request']);
});

const AUTHORITIES = { issuing: issuingSection, second: secondSection };
const SUBJECTS = { issuing: 'Wiring Issuing', second: 'Wiring Second' };

test('GetCRL gives the list of the authority of the endpoint, the one that HTTP serves too', async () => {
  const endpoints = Object.keys(AUTHORITIES).map((authority) => ({
    path: `/${authority}`,
    authority,
    policy: { static: CHALLENGE },
  }));
  const { url, origin } = await started(configured({ authorities: AUTHORITIES, endpoints }));
  for (const [name, subject] of Object.entries(SUBJECTS)) {
    const { der } = await enrolled(url(`/${name}`));
    const plan = { serialNumber: Buffer.of(1), signer: { certificate: der, key: deviceKey } };
    const context = { fetch, clock, random };
    const reply = await getCrl(await discover(url(`/${name}`), context), plan, context);
    assert.ok(reply.status === 'success', `${name}: ${reply.status}`);
    assert.equal(reply.crls.length, 1, name);
    const list = new Uint8Array(reply.crls[0]!);
    const [common] = pkijs.CertificateRevocationList.fromBER(list.buffer).issuer.typesAndValues;
    assert.equal(common?.value.valueBlock.value, subject);
    const served = await fetch(`${origin}/crl/${name}.crl`);
    assert.deepEqual(Buffer.from(list), Buffer.from(await served.arrayBuffer()), name);
  }
});
