/** Keys in a SoftHSM2 token behind `p11-kit server`: the contract of keys, faults of a token, and a server whose CA key is there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { keyRing, openKey } from '../../src/app/key-ring.ts';
import { createRa } from '../../src/ca/create.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { KeyProvider, KeyTransport, SignatureInput } from '../../src/core/keys.ts';
import { oid } from '../../src/asn1/writer.ts';
import { readKeyUri } from '../../src/keys/key-uri.ts';
import { CK, type Cryptoki } from '../../src/keys/pkcs11/cryptoki.ts';
import { openToken } from '../../src/keys/pkcs11/token-session.ts';
import { readTokenUri } from '../../src/keys/pkcs11/token-uri.ts';
import { OID } from '../../src/pkix/oids.ts';
import { publicKeyHash } from '../../src/pkix/public-key.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { run } from '../app/installation.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { clock, random } from '../wiring/files.ts';
import { enrolled, polled } from '../wiring/device.ts';
import { newToken, PIN, pinFile } from './token.ts';
import { refusalOf } from './refusal.ts';

const token = await newToken('ca');
const WHAT = 'the key of the issuing CA';
const open = (object: string, more?: string): Promise<KeyProvider> =>
  openKey({ uri: token.uri(object, more), what: WHAT });
const INPUT: SignatureInput = { data: Buffer.from('to be signed'), digest: 'sha256', scheme: 'pkcs1' };

const TRANSPORTS: readonly KeyTransport[] = [
  { scheme: 'pkcs1' },
  { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' },
  { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' },
];

const keys = keyRing();
after(() => keys.close());

/** Imported keys, as an administrator moves them into a token. */
const IMPORTED = [
  { object: 'rsa', key: rsaKey('in a token'), transports: TRANSPORTS, digests: ['sha1', 'sha256', 'sha384', 'sha512'] },
  { object: 'p256', key: ecKey('in a token'), transports: [], digests: ['sha256', 'sha384', 'sha512'] },
  { object: 'p384', key: ecKey('in a token too', 'P-384'), transports: [], digests: ['sha256', 'sha384', 'sha512'] },
  { object: 'p521', key: ecKey('in a token last', 'P-521'), transports: [], digests: ['sha256', 'sha512'] },
] as const;
function imported(object: string, key: SoftwareKey, id: string, pin = PIN): void {
  const path = pinFile(`of-${object}`);
  writeFileSync(path, key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  token.softhsm('--import', path, '--token', 'ca', '--label', object, '--id', id, '--pin', pin);
}
for (const [index, { object, key }] of IMPORTED.entries()) imported(object, key, `0${index + 1}`);

/** SoftHSM2 fails when several processes log in at the same time. */
let last: Promise<unknown> = Promise.resolve();
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
};

for (const { object, key, digests, transports } of IMPORTED)
  keyProviderContract({
    name: `PKCS#11 ${object}`,
    make: async () => {
      const opened = await inTurn(() => keys.open({ uri: token.uri(object), what: WHAT }));
      assert.deepEqual(Buffer.from(opened.spki), Buffer.from(key.spki));
      return opened;
    },
    digests,
    transports,
  });
for (const kind of ['p256', 'rsa-2048'])
  test(`init makes a ${kind} key in the token that cannot leave it, and check accepts it`, async (t) => {
    const folder = temporary(t);
    const uri = token.uri(`made-${kind}`);
    const made = await run('init', folder, '--key', kind, '--key-uri', uri);
    assert.equal(made.code, 0, made.err);
    assert.ok(!existsSync(join(folder, 'certs/issuing-ca.key.pem')));
    const config = join(folder, 'openndes.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('port: 8080', 'drain: 0, port: 0'));
    assert.equal((await run('check', '--config', config)).code, 0);
    const key = await openKey({ uri, what: WHAT });
    t.after(() => key.close?.());
    assert.ok(!('decrypt' in key));
    const { publicKey } = new X509Certificate(readFileSync(join(folder, 'certs/issuing-ca.pem')));
    assert.deepEqual(publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(key.spki));
    const again = await run('init', temporary(t), '--key', kind, '--key-uri', uri);
    assert.equal(again.code, 78);
    assert.match(again.err, /has a key with this name already/);
  });

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-signers-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const refusal = (work: Promise<KeyProvider>): Promise<string> => refusalOf(async () => (await work).close?.());

test('a key that is not there, and one of several, are named with what to write', async () => {
  assert.match(await refusal(open('nothing')), /no private key of the PKCS#11 token fits.*object=/);
});

test('a token that is not there is named with those that are', async () => {
  const uri = token.uri('p256').replace('token=ca', 'token=other');
  assert.match(await refusal(openKey({ uri, what: WHAT })), /no PKCS#11 token fits the key.*"ca" \(serial /);
});

test('a module that cannot be loaded is named', async () => {
  const uri = `pkcs11:object=p256?module-path=/usr/lib/none.so&pin-source=${pinFile()}`;
  assert.match(await refusal(openKey({ uri, what: WHAT })), /the PKCS#11 module \/usr\/lib\/none\.so cannot be used/);
});

test('the PIN is the passphrase where the URI names no file; without both it is missing', async () => {
  const place = { uri: token.uri('p256', ''), what: WHAT };
  const key = await openKey({ ...place, passphrase: PIN });
  await key.close?.();
  assert.match(await refusal(openKey(place)), /the PIN of the PKCS#11 token is missing.*pin-source/);
});

test('a wrong PIN is refused with a warning that the token locks itself, and without the PIN', async () => {
  const text = await refusal(open('p256', `&pin-source=${pinFile('99999999')}`));
  assert.match(text, /the PIN of the PKCS#11 token is wrong\..*locks itself/);
  assert.ok(!text.includes('99999999'));
});

test('a file of the PIN that others may read is refused', async () => {
  const path = pinFile('23456789');
  execFileSync('chmod', ['644', path]);
  assert.match(await refusal(open('p256', `&pin-source=${path}`)), /others|other users/i);
});

test('a key is pinned by the hash of its public key', async () => {
  const hash = publicKeyHash(IMPORTED[1].key.spki);
  const key = await open('p256', `&pin-source=${pinFile()}&spki-sha256=${hash}`);
  await key.close?.();
  assert.match(await refusal(open('p384', `&pin-source=${pinFile()}&spki-sha256=${hash}`)), /is another one/);
});

test('signatures go on after the death of the service of the token, as soon as it is there again', async (t) => {
  const key = await open('p256');
  t.after(() => key.close?.());
  await key.sign(INPUT);
  await token.kill();
  await assert.rejects(
    async () => key.sign(INPUT),
    (error) => error instanceof IssuerError && error.retryable,
  );
  assert.match(key.standing!()!, /^the key of the issuing CA \(pkcs11\): .*, since 20/);
  await token.start();
  await until(() => key.standing!() === undefined, 'the key to work again');
  await key.sign(INPUT);
});

test('a token that hangs costs one call its time, and no more', async (t) => {
  const key = await open('p256');
  t.after(() => key.close?.());
  token.pause();
  t.after(() => token.goOn());
  await assert.rejects(async () => key.sign(INPUT), /no answer in time/);
  token.goOn();
  await key.sign(INPUT);
});

test('the death of the process of a module is noticed by no caller', async (t) => {
  const key = await open('p256');
  t.after(() => key.close?.());
  execFileSync('pkill', ['-9', '-P', String(process.pid), '-f', 'token-process.ts']);
  await key.sign(INPUT);
});

test('a key that can leave the token is refused, and accepted where that is allowed', async () => {
  const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Cryptoki };
  const { module, choice } = readTokenUri(readKeyUri(token.uri('loose')));
  const { cryptoki, session } = openToken(new PKCS11(), { module, choice, pin: PIN });
  const names = [
    { type: CK.CKA_LABEL, value: 'loose' },
    { type: CK.CKA_ID, value: Buffer.from('loose') },
    { type: CK.CKA_TOKEN, value: true },
  ];
  cryptoki.C_GenerateKeyPair(
    session,
    { mechanism: CK.CKM_EC_KEY_PAIR_GEN },
    [...names, { type: CK.CKA_EC_PARAMS, value: Buffer.from(oid(OID.p256)) }],
    [...names, { type: CK.CKA_SIGN, value: true }, { type: CK.CKA_EXTRACTABLE, value: true }],
  );
  assert.match(await refusal(open('loose')), /can leave its PKCS#11 token.*extractable=allow/);
  const key = await open('loose', `&pin-source=${pinFile()}&extractable=allow`);
  await key.sign(INPUT);
  await key.close?.();
});

/** A folder that init filled, with the CA key in the token, and a server on a free port. */
async function served(
  t: TestContext,
  object: string,
  change: (text: string, folder: string) => string | Promise<string> = (text) => text,
) {
  const folder = temporary(t);
  const made = await run('init', folder, '--key', 'p256', '--key-uri', token.uri(object));
  assert.equal(made.code, 0, made.err);
  const config = join(folder, 'openndes.yaml');
  const text = readFileSync(config, 'utf8').replace('port: 8080', 'drain: 0, port: 0');
  writeFileSync(config, await change(text, folder), { mode: 0o600 });
  const server = await startServer(config, { logLevel: 'silent', workers: 2 });
  t.after(() => server.close());
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  return { folder, server, url: server.urls[0]!, challenge };
}

test('a started server enrols a device with the CA key in the token', async (t) => {
  const { folder, url, challenge } = await served(t, 'issuing');
  const { status, der } = await enrolled(url, { challenge });
  assert.equal(status, 'issued');
  const ca = new X509Certificate(readFileSync(join(folder, 'certs/issuing-ca.pem')));
  assert.ok(new X509Certificate(der).verify(ca.publicKey));
});

test('an RA whose key is in the token too opens requests and signs replies', async (t) => {
  const key = await open('rsa');
  t.after(() => key.close?.());
  const { folder, url, challenge } = await served(t, 'issuing-with-ra', async (text, at) => {
    const [ca, uri] = [readFileSync(join(at, 'certs/issuing-ca.pem')), token.uri('issuing-with-ra')];
    const caKey = await openKey({ uri, what: WHAT });
    const wanted = { subject: 'CN=RA in a token', key, validity: 9e8, backdate: 0, clock, random };
    const certificate = await createRa(wanted, { certificate: new X509Certificate(ca).raw, key: caKey });
    await caKey.close?.();
    writeFileSync(join(at, 'certs/ra.pem'), certificatePem(certificate));
    return text.replace('ra: auto', `ra: { certificate: certs/ra.pem, key: "${token.uri('rsa')}" }`);
  });
  assert.equal((await enrolled(url, { challenge })).status, 'issued');
  assert.ok(!existsSync(join(folder, 'certs/ra.key.pem')));
});

test('an RA key that cannot decrypt is refused with the reason', async (t) => {
  const made = served(t, 'issuing-with-ec', (text) =>
    text.replace('ra: auto', `ra: { certificate: certs/issuing-ca.pem, key: "${token.uri('issuing-with-ec')}" }`),
  );
  await assert.rejects(made, /The RA key cannot decrypt.*PKCS#1 v1\.5, which most HSMs in FIPS mode/s);
});

test('while the token is away devices get PENDING, and their certificate when it is there again', async (t) => {
  const { url, challenge } = await served(t, 'issuing-again');
  const subject = 'CN=waits for the token';
  await token.kill();
  assert.equal((await enrolled(url, { challenge, subject })).status, 'pending');
  await token.start();
  await until(async () => (await polled(url, { challenge, subject })).status === 'issued', 'the certificate');
});

test('another key under the same name after a restart signs nothing', async (t) => {
  const key = await open('p256');
  t.after(() => key.close?.());
  await key.sign(INPUT);
  await token.kill();
  token.erase();
  imported('p256', ecKey('another one'), '02');
  await token.start();
  await assert.rejects(async () => key.sign(INPUT), /another key has its name in the PKCS#11 token now/);
});

test('a PIN that the token refuses after its restart is not tried a second time: tokens lock themselves', async (t) => {
  const { key: original } = IMPORTED[1];
  const again = async (pin: string): Promise<void> => {
    await token.kill();
    token.erase(pin);
    imported('p256', original, '02', pin);
    await token.start();
  };
  await again(PIN);
  const key = await open('p256');
  t.after(() => key.close?.());
  await again('11112222');
  const refused = /the PIN of the PKCS#11 token is wrong\. It is not tried again before a reload/;
  await assert.rejects(async () => key.sign(INPUT), refused);
  await again(PIN);
  // The PIN would be right now, and nobody tries it.
  await assert.rejects(async () => key.sign(INPUT), refused);
  const opened = await open('p256');
  await opened.close?.();
});
