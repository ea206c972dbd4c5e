/** A list in shards from end to end: what certificates name, what is served, and what OpenSSL takes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { pointersIn } from '../../src/pkix/pointers.ts';
import { shardNamed, shardOf, shardUrl } from '../../src/pkix/shard-urls.ts';
import { newRsaKey } from '../kit/keys.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const URLS = 'crl: [http://pki.test/crl/issuing.crl, http://pki.test/other.crl]';

const sharded = (number: number) => (config: string) =>
  config
    .replace('    ra: auto', `    ra: auto\n    crl: { shards: ${number} }`)
    .replace('  device: { validity', `  device: { ${URLS}, validity`);

test('a serial number chooses its shard, and the URL of a certificate names it', () => {
  assert.deepEqual(
    [0, 1, 255, 256, 0xffff].map((last) => shardOf(Buffer.of(1, last >> 8, last & 255), 3)),
    [1, 2, 1, 2, 1],
  );
  assert.equal(shardUrl('http://a.crl.test/crl/issuing.crl', 7), 'http://a.crl.test/crl/issuing/7.crl');
  assert.equal(shardNamed(['http://a/other.crl', 'http://a/crl/issuing/12.crl']), 12);
  assert.equal(shardNamed(['http://a/crl/issuing.crl', 'http://a/crl/issuing/0.crl']), 0);
});

test('each certificate is on the shard that it names and on the whole list, and OpenSSL takes no other shard', {
  skip: withoutOpenssl,
}, async (t) => {
  const { folder, cli, challenge, started } = await installed(t, sharded(2));
  const { url, origin } = await started();
  const scep = await discover(url, context);
  const found = new Map<number, { pem: string; serial: string }>();
  while (found.size < 2) {
    const reply = await enroll(scep, { key: newRsaKey(), subject: nameFromText('CN=pc'), challenge }, context);
    assert.ok(reply.status === 'success');
    const view = readCertificate(reply.certificates[0]!);
    const urls = pointersIn(view).map(({ uri }) => uri);
    const shard = shardNamed(urls);
    assert.deepEqual(urls, [`http://pki.test/crl/issuing/${shard}.crl`, 'http://pki.test/other.crl']);
    found.set(shard, { pem: certificatePem(view.der), serial: serialText(view.serialNumber) });
  }
  const [first, second] = [found.get(1)!, found.get(2)!];
  assert.equal((await cli('certs', 'revoke', second.serial)).code, 0);
  const list = async (name: string) => Buffer.from(await (await fetch(`${origin}/crl/${name}.crl`)).arrayBuffer());
  const chain =
    readFileSync(join(folder, 'certs/chain.pem'), 'utf8') + readFileSync(join(folder, 'certs/issuing-ca.pem'), 'utf8');
  const verified = async (leaf: string, name: string): Promise<string> => {
    const crl = openssl('crl -inform DER -in crl -outform PEM'.split(' '), { crl: await list(name) });
    for (const [file, content] of Object.entries({ leaf, chain, crl })) writeFileSync(join(folder, file), content);
    const args = '-crl_check -extended_crl -partial_chain -trusted chain -CRLfile crl leaf'.split(' ');
    const { stdout, stderr } = spawnSync('openssl', ['verify', ...args], { cwd: folder, encoding: 'utf8' });
    return stdout + stderr;
  };
  assert.match(await verified(first.pem, 'issuing/1'), /leaf: OK/);
  assert.match(await verified(second.pem, 'issuing/2'), /certificate revoked/);
  assert.match(await verified(second.pem, 'issuing/1'), /different CRL scope|unable to get certificate CRL/i);
  assert.match(await verified(first.pem, 'issuing/2'), /different CRL scope|unable to get certificate CRL/i);
  assert.match(await verified(second.pem, 'issuing'), /certificate revoked/);
  const text = openssl('crl -inform DER -in crl -text -noout'.split(' '), { crl: await list('issuing/2') }).toString();
  assert.match(
    text,
    /Issuing Distribution Point: critical\s+Full Name:\s+URI:http:\/\/pki\.test\/crl\/issuing\/2\.crl\s/,
  );
  assert.equal((await fetch(`${origin}/crl/issuing/3.crl`)).status, 404);
});

test('the number of shards is raised and never lowered', async (t) => {
  const { config } = await installed(t, sharded(4));
  const change = (from: string, to: string) => writeFileSync(config, readFileSync(config, 'utf8').replace(from, to));
  const start = async () => (await startServer(config, { logLevel: 'silent', workers: 1 })).close();
  await start();
  change('shards: 4', 'shards: 3');
  await assert.rejects(start(), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(`${error.message} ${error.remedy}`, /crl\.shards: 3, but there are 4 shards already.*shards: 4/);
    return true;
  });
  change('    crl: { shards: 3 }\n', '');
  await assert.rejects(start(), /crl\.shards: none, but there are 4 shards already/);
  change('    ra: auto', '    ra: auto\n    crl: { shards: 5 }');
  await start();
});
