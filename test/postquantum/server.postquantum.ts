/** A started server with an ML-DSA CA: its revocation list and its OCSP responder, as OpenSSL verifies them. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../kit/until.ts';
import { installed, run } from '../app/installation.ts';
import { folder as files, put, runOpensslMeanwhile } from './programs.ts';

for (const key of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
  test(`${key}: a device enrols, OCSP says good and then revoked, and the list has it`, async (t) => {
    const change = (config: string) => config.replace('    ra: auto', '    ra: auto\n    ocsp: {}');
    const { folder, challenge, cli, started } = await installed(t, change, key);
    const { url, origin } = await started();
    const dir = join(folder, 'device');
    const asked = ['--subject', 'CN=device', '--challenge', challenge, '--key', key, '--out', dir, '--json'];
    const enrolled = await run('enroll', url, ...asked);
    assert.equal(enrolled.code, 0, enrolled.err);
    for (const [name, from] of Object.entries({
      'device.pem': join(dir, 'certificate.pem'),
      'issuing.pem': join(folder, 'certs/issuing-ca.pem'),
      'root.pem': join(folder, 'certs/root-ca.pem'),
    }))
      copyFileSync(from, join(files, name));
    const about = ['-issuer', 'issuing.pem', '-cert', 'device.pem', '-url', `${origin}/ocsp/issuing`];
    const status = () => runOpensslMeanwhile('ocsp', ...about, '-CAfile', 'root.pem', '-verify_other', 'issuing.pem');
    assert.match(await status(), /Response verify OK[^]*device\.pem: good|device\.pem: good[^]*Response verify OK/);

    const { serial } = JSON.parse(enrolled.out) as { serial: string };
    const revoked = await cli('certs', 'revoke', serial, '--reason', 'superseded');
    assert.equal(revoked.code, 0, revoked.err);
    const isRevoked = async () => /device\.pem: revoked[^]*Response verify OK/.test(await status());
    await until(isRevoked, 'the responder says revoked');
    put('list.crl', Buffer.from(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer()));
    const listed = ['crl', '-inform', 'DER', '-in', 'list.crl', '-CAfile', 'issuing.pem', '-noout', '-text'];
    assert.match((await runOpensslMeanwhile(...listed)).toLowerCase(), new RegExp(`serial number: ${serial}`));
  });
