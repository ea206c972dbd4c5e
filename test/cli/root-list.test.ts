/** `ca crl --root`: the list of an offline root, continued from the file, and served by the server below it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { withSettings } from '../../src/app/settings.ts';
import { watchedOf } from '../../src/app/watched-settings.ts';
import { HOUR } from '../../src/core/durations.ts';
import { keyFromPem } from '../../src/keys/software.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { installed, run } from '../app/installation.ts';

function rootIn(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-root-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (...path: string[]): string => join(folder, ...path);
  const own = ['--root', at('certs/root-ca.pem'), '--key', `file:${at('certs/root-ca.key.pem')}`];
  const list = (...options: string[]) => run('ca', 'crl', ...own, '--out', at('root.crl'), ...options);
  return { at, list, init: () => run('init', folder, '--key', 'p256') };
}
const listIn = (path: string) => {
  const list = pkijs.CertificateRevocationList.fromBER(readFileSync(path));
  const number = list.crlExtensions?.extensions.find(({ extnID }) => extnID === '2.5.29.20');
  const days = Math.round((list.nextUpdate!.value.getTime() - list.thisUpdate.value.getTime()) / 86_400_000);
  return {
    days,
    number: Buffer.from(number!.extnValue.valueBlock.valueHexView).toString('hex'),
    serials: (list.revokedCertificates ?? []).map(({ userCertificate }) =>
      Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex').replace(/^00/, '').toUpperCase(),
    ),
    reasons: (list.revokedCertificates ?? []).map(({ crlEntryExtensions }) =>
      Buffer.from(crlEntryExtensions!.extensions[0]!.extnValue.valueBlock.valueHexView).toString('hex'),
    ),
  };
};

test('each list has a higher number and the entries of the one before it', async (t) => {
  const { at, list, init } = rootIn(t);
  await init();
  const said = await list();
  assert.deepEqual([said.code, said.out], [0, `wrote ${at('root.crl')}: list 1, 0 revoked, valid for 180 days`]);
  assert.deepEqual(listIn(at('root.crl')), { days: 180, number: '020101', serials: [], reasons: [] });
  const { serialNumber } = new X509Certificate(readFileSync(at('certs/issuing-ca.pem')));
  const revoking = ['--revoke', at('certs/issuing-ca.pem'), '--reason', 'cACompromise'];
  assert.equal((await list(...revoking, '--days', '90')).code, 0);
  assert.deepEqual(listIn(at('root.crl')), {
    days: 90,
    number: '020102',
    serials: [serialNumber],
    reasons: ['0a0102'],
  });
  assert.match((await list(...revoking)).out, /list 3, 1 revoked/);
  assert.deepEqual(listIn(at('root.crl')).serials, [serialNumber]);
});

test('a list of another root, a damaged one, a wrong key and a certificate of another CA are a sentence; the list stays', async (t) => {
  const [one, other] = [rootIn(t), rootIn(t)];
  await Promise.all([one.init(), other.init()]);
  await other.list();
  const refused = async (said: ReturnType<typeof run>, sentence: RegExp) => {
    const { code, err } = await said;
    assert.equal(code, 78);
    assert.match(err, sentence);
  };
  await refused(
    one.list('--revoke', other.at('certs/issuing-ca.pem')),
    /was not issued by CN=openndes Root CA\nGive a certificate/,
  );
  await refused(
    one.list('--key', `file:${one.at('certs/issuing-ca.key.pem')}`),
    /the key is not that of CN=openndes Root CA/,
  );
  assert.equal(existsSync(one.at('root.crl')), false);
  const foreign = readFileSync(other.at('root.crl'));
  writeFileSync(one.at('root.crl'), foreign);
  await refused(
    one.list(),
    /root\.crl: it is not signed with the key of CN=openndes Root CA.*\nPut the last list of this root there/,
  );
  writeFileSync(one.at('root.crl'), foreign.subarray(0, 60));
  await refused(one.list(), /root\.crl: .*\nPut the last list of this root there/);
  assert.deepEqual(readFileSync(one.at('root.crl')), foreign.subarray(0, 60));
  await refused(run('ca', 'crl', '--root', one.at('certs/root-ca.pem')), /--root: the key or the file is missing/);
});

test('a server serves the list of its root and both CA certificates, and check says that the list has ended', async (t) => {
  const { folder, config, cli, started } = await installed(t, (text) =>
    text.replace('    ra: auto', '    ra: auto\n    crl: { above: [{ list: root, file: certs/root.crl }] }'),
  );
  const at = (name: string): string => join(folder, 'certs', name);
  const list = (...options: string[]) =>
    run(
      'ca',
      'crl',
      '--root',
      at('root-ca.pem'),
      '--key',
      `file:${at('root-ca.key.pem')}`,
      '--out',
      at('root.crl'),
      ...options,
    );
  const issuer = {
    certificate: new X509Certificate(readFileSync(at('root-ca.pem'))).raw,
    key: keyFromPem(readFileSync(at('root-ca.key.pem'), 'utf8'), 'key'),
  };
  const thisUpdate = new Date(Date.now() - 2 * HOUR);
  writeFileSync(at('root.crl'), await writeCrl({ issuer, revoked: [], thisUpdate, validity: HOUR, number: 4 }));
  const { err, code } = await cli('check');
  assert.equal(code, 0, err);
  const ends = await withSettings(config, (settings) => watchedOf(settings, []));
  assert.equal(ends.find(({ what }) => what === 'authority issuing: list root')?.subject, 'CN=Test Root CA');
  assert.match(err, /root\.crl: the list of CN=Test Root CA ended at 20.*\n?.*Sign a new one with the key of that CA/);
  assert.match((await list()).out, /list 5, 0 revoked/);
  assert.equal((await cli('check')).err, '');
  const { origin } = await started();
  const got = async (path: string) => Buffer.from(await (await fetch(`${origin}${path}`)).arrayBuffer());
  assert.deepEqual(await got('/crl/root.crl'), readFileSync(at('root.crl')));
  assert.deepEqual(await got('/aia/root.cer'), new X509Certificate(readFileSync(at('root-ca.pem'))).raw);
  assert.deepEqual(await got('/aia/issuing.cer'), new X509Certificate(readFileSync(at('issuing-ca.pem'))).raw);
});
