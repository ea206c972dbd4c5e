/**
 * From a request to its notification, with everything real but Intune and the CA: `openndes serve`, the simulated tenant, and a CA that lets
 * requests wait until somebody grants them. The server is killed between, or is not.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { until } from '../kit/until.ts';
import { deviceKey, enrolled, newSubject, polled } from '../wiring/device.ts';
import { certificateFile, clock, file, FOLDER, issuing, issuingSection, root } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { tenantNamed } from '../wiring/tenant.ts';

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, '..', '..', 'src', path));

/** The CA: each order is a file of its folder. It issues when `granted` is there, once, and is slow to say so while `slow` is. */
const PROGRAM = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { writeCertificate } from ${source('pkix/certificate.ts')};
import { readCertificationRequest } from ${source('pkix/csr.ts')};
import { authorityKeyIdentifier, extendedKeyUsage, keyIdentifier, keyUsage } from ${source('pkix/extensions.ts')};
import { nameFromText } from ${source('pkix/name.ts')};
import { keyFromPem } from ${source('keys/software.ts')};

const [folder, keyFile] = process.argv.slice(2);
const order = JSON.parse(readFileSync(0, 'utf8'));
const key = keyFromPem(readFileSync(keyFile, 'utf8'), 'the key of the program');
const id = order.reference ?? order.requestKey;
const at = (end) => folder + '/' + id + end;
const answer = (fields) => process.stdout.write(JSON.stringify({ version: 1, ...fields }));
appendFileSync(folder + '/asked', order.operation + '\\n');
if (order.operation === 'issue') writeFileSync(at('.order'), JSON.stringify(order));
if (!existsSync(folder + '/granted')) answer({ status: 'pending', reference: id, retryAfter: 0 });
else {
  if (!existsSync(at('.pem'))) {
    const { csr: der, notAfter } = JSON.parse(readFileSync(at('.order'), 'utf8'));
    const csr = readCertificationRequest(Buffer.from(der, 'base64'));
    const certificate = await writeCertificate(
      {
        serialNumber: Buffer.concat([Buffer.of(1), randomBytes(12)]),
        issuer: nameFromText('CN=Wiring Issuing'),
        subject: csr.subject,
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Math.floor(Date.parse(notAfter) / 1000) * 1000),
        spki: csr.spki,
        extensions: [keyUsage(['digitalSignature', 'keyEncipherment']), extendedKeyUsage(['1.3.6.1.5.5.7.3.2']), authorityKeyIdentifier(keyIdentifier(key.spki))],
      },
      key,
    );
    writeFileSync(at('.pem'), Buffer.from(certificate).toString('base64'));
    appendFileSync(folder + '/made', id + '\\n');
  }
  while (existsSync(folder + '/slow')) await new Promise((go) => setTimeout(go, 50));
  answer({ status: 'issued', certificate: readFileSync(at('.pem'), 'utf8'), chain: [] });
}
`;

const program = file('pending-ca.mjs', PROGRAM);
const key = file('pending-ca.key.pem', privateKeyPem(issuing.key.privateKey));
const lines = (path: string): string[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

/** A tenant, a CA in a folder, and servers on one store. */
async function site(t: TestContext, name: string) {
  const tenant = await tenantNamed(name);
  const folder = join(FOLDER, `pending-${name}`);
  mkdirSync(folder);
  const config = configured({
    tenants: { corp: tenant.section },
    authorities: {
      elsewhere: {
        certificate: issuingSection.certificate,
        chain: certificateFile(`pending-${name}.pem`, root),
        ra: issuingSection.ra,
        issuer: {
          command: { program: process.execPath, arguments: [program, folder, key], operations: ['issue', 'poll'] },
        },
      },
    },
    endpoints: [{ path: '/phones', authority: 'elsewhere', policy: { intune: 'corp' } }],
  });
  const path = (what: string): string => join(folder, what);
  return {
    started: () => served(t, config),
    touch: (what: string) => file(`pending-${name}/${what}`, ''),
    remove: (what: string) => rmSync(path(what)),
    made: () => lines(path('made')).length,
    asked: () => lines(path('asked')),
    challenge: (subject: string) => tenant.simulator.mint({ subject }),
    told: (action: string) => tenant.simulator.calls().filter(({ path: called }) => called.includes(action)).length,
    store: () => openSqliteStore({ path: join(config, '..', 'store.db'), clock }),
  };
}

/** `openndes serve` as a process; its URL. */
async function served(t: TestContext, config: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const bin = join(import.meta.dirname, '../../bin/openndes.mjs');
  const child: ChildProcess = spawn(process.execPath, [bin, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr ?? assert.fail('no log') })) {
    said.push(line);
    const { event, listeners } = JSON.parse(line) as { event?: string; listeners?: string };
    if (event === 'server-started') return { url: `http://${String(listeners)}/phones`, kill };
  }
  throw new Error(`the server ended: ${said.join('\n')}`);
}

const DEATHS = ['not at all', 'when PENDING was answered', 'while the CA answers the poll'] as const;

for (const [n, death] of DEATHS.entries())
  test(`a request that the CA lets wait, polled and notified once; the server is killed ${death}`, async (t) => {
    const { started, touch, remove, made, asked, challenge, told, store } = await site(t, `kill-${n}`);
    const subject = newSubject();
    const wish = { subject, challenge: challenge(subject) };
    let server = await started();
    assert.equal((await enrolled(server.url, wish)).status, 'pending');
    assert.equal((await polled(server.url, wish)).status, 'pending');
    assert.deepEqual([asked(), made(), told('validateRequest')], [['issue', 'poll'], 0, 1]);
    if (death === 'when PENDING was answered') {
      await server.kill();
      server = await started();
    }
    touch('granted');
    if (death === 'while the CA answers the poll') {
      touch('slow');
      const lost = assert.rejects(polled(server.url, wish));
      await until(() => made() === 1, 'the CA has made the certificate');
      await server.kill();
      remove('slow');
      await lost;
      server = await started();
    }
    const { status, der } = await polled(server.url, wish);
    assert.equal(status, 'issued');
    const spki = new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
    assert.deepEqual(spki, Buffer.from(deviceKey.spki));
    const again = await polled(server.url, wish);
    assert.deepEqual([again.status, Buffer.from(again.der)], ['issued', Buffer.from(der)]);
    await server.kill();
    assert.deepEqual(
      [made(), told('validateRequest'), told('successNotification'), told('failureNotification')],
      [1, 1, 1, 0],
    );
    const opened = await store();
    t.after(() => opened.close());
    const certificates = await opened.listCertificates({});
    assert.deepEqual(
      certificates.map(({ state, subject: of }) => [state, of]),
      [['delivered', subject]],
    );
    assert.deepEqual([await opened.listOrders({ limit: 9 }), await opened.listPending()], [[], []]);
    assert.deepEqual(await opened.listNotifications({ limit: 9 }), []);
  });
