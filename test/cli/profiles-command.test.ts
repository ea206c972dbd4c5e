/** `openndes profiles test`: what a request would get, word for word, and why not. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { random } from '../kit/pki.ts';
import { installed, rows } from '../app/installation.ts';
import { type Asked, requestDer } from '../ca/authority-under-test.ts';
import { rsaKey } from '../kit/keys.ts';

/** In place of the profile that `init` writes. */
const PROFILES = `profiles:
  device: { certificatePolicies: [1.2.3] }
  lab: { keys: [p256] }
`;

async function installation(t: TestContext) {
  const made = await installed(t, (config) =>
    config
      .replace(/^profiles:\n(?: .*\n)+/m, PROFILES)
      .replace(
        'endpoints:\n',
        'endpoints:\n  - { path: /lab, profile: lab, authority: issuing, policy: { static: abcdefgh } }\n',
      ),
  );
  const file = async (asked: Asked, name = 'device.csr') => {
    const path = join(made.folder, name);
    writeFileSync(path, await requestDer({ key: rsaKey('profiles'), ...asked }));
    return path;
  };
  const tested = async (asked: Asked, ...more: string[]) => made.cli('profiles', 'test', await file(asked), ...more);
  return { ...made, file, tested };
}

test('the certificate that a request would get, what is not granted, and the endpoint that refuses it', async (t) => {
  const { tested } = await installation(t);
  const extensions = [
    subjectAltName([generalNameFromText('dns:a.example')]),
    keyUsage(['digitalSignature', 'keyCertSign']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.9']),
    basicConstraints(true),
  ];
  const said = await tested({ extensions }, '--json');
  assert.equal(said.code, 0, said.err);
  const [lab, device] = rows(said) as unknown as [Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual(lab, {
    endpoint: '/lab',
    profile: 'lab',
    names: 'not compared by the policy',
    refused: 'algorithm_refused: a key of the kind rsa; the profile certifies p256',
  });
  const { notBefore, notAfter, ...certificate } = device['certificate'] as Record<string, string>;
  assert.equal(Math.round((Date.parse(notAfter!) - Date.parse(notBefore!)) / 86_400_000), 366);
  assert.deepEqual(certificate, {
    subject: 'CN=device',
    key: 'rsa 2048',
    keyUsage: 'digitalSignature',
    extendedKeyUsage: 'clientAuth',
    subjectAltName: 'dns:a.example',
    otherExtensions:
      'basicConstraints (2.5.29.19) critical, authorityKeyIdentifier (2.5.29.35), certificatePolicies (2.5.29.32), subjectKeyIdentifier (2.5.29.14)',
  });
  assert.deepEqual(device['notGranted'], {
    keyUsage: 'keyCertSign',
    extendedKeyUsage: 'ocspSigning',
    extensionsNotCopied: 'basicConstraints (2.5.29.19) critical',
  });
});

test('exit 2 and the reason when the endpoint refuses the request', async (t) => {
  const { tested } = await installation(t);
  const said = await tested(
    { extensions: [extendedKeyUsage(['2.5.29.37.0'])] },
    '--endpoint',
    '/certsrv/mscep/mscep.dll',
  );
  assert.deepEqual(
    [said.code, said.out],
    [
      2,
      'endpoint: /certsrv/mscep/mscep.dll\nprofile: device\nnames: not compared by the policy\nrefused: request_refused: extended key usage 2.5.29.37.0: the profile allows none of them',
    ],
  );
});

test('a file that is no request, and an endpoint that is not there, are named', async (t) => {
  const { folder, file, cli } = await installation(t);
  const junk = join(folder, 'junk');
  writeFileSync(junk, 'no request');
  const unread = await cli('profiles', 'test', junk);
  assert.equal(unread.code, 78);
  assert.match(unread.err, /^(this is no certification request|the certification request cannot be used): /);
  const elsewhere = await cli('profiles', 'test', await file({}), '--endpoint', '/nowhere');
  assert.equal(elsewhere.code, 78);
  assert.match(
    elsewhere.err,
    /no endpoint \/nowhere\nEndpoints without a problem: \/lab, \/certsrv\/mscep\/mscep\.dll\./,
  );
});

test('a captured message is opened with the RA keys of the configuration', async (t) => {
  const { started, folder, cli, challenge } = await installation(t);
  const url = `${(await started()).origin}/certsrv/mscep/mscep.dll`;
  const captured = join(folder, 'captured');
  const kept: typeof fetch = async (input, init) => {
    if (init?.body) writeFileSync(captured, Buffer.from(init.body as Uint8Array));
    return fetch(input, init);
  };
  const context = { fetch: kept, clock: () => new Date(), random };
  const plan = { subject: nameFromText('CN=captured'), key: rsaKey('captured'), challenge };
  assert.equal((await enroll(await discover(url, context), plan, context)).status, 'success');
  const said = await cli('profiles', 'test', captured, '--json', '--endpoint', '/certsrv/mscep/mscep.dll');
  assert.equal(said.code, 0, said.err);
  const [report] = rows(said) as unknown as [{ certificate: { subject: string } }];
  assert.equal(report.certificate.subject, 'CN=captured');
  assert.doesNotMatch(said.out, new RegExp(challenge));
});
