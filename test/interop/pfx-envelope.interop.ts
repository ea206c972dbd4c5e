/** Passwords that are encrypted to the connector, opened by other programs; and its key in the forms of Windows. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PADDING_SCHEMES, sealPfxPassword } from '../../src/pfx/connector-envelope.ts';
import { readConnectorKey } from '../../src/pfx/connector-key.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { rsaKey } from '../kit/keys.ts';
import { connectorPem, pinned } from '../pfx/connector-forms.ts';
import { output, run } from './kit/children.ts';
import { missing } from './kit/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-envelope-'));
after(() => rmSync(folder, { recursive: true }));
const KEY = join(folder, 'connector.key.pem');
const { privateKey } = rsaKey('connector');
writeFileSync(KEY, privateKeyPem(privateKey));
const publicKey = createPublicKey(privateKey);
const connector = readConnectorKey(Buffer.from(connectorPem(publicKey)), pinned(publicKey));

const PYTHON = join(import.meta.dirname, 'readers/python');
/** The command of each program, for the hash of OAEP, that of MGF1, and the file. */
const OPENERS: Readonly<Record<string, (hash: string, mgf1: string, file: string) => [string, string[]]>> = {
  OpenSSL: (hash, mgf1, file) => [
    'openssl',
    `pkeyutl -decrypt -inkey ${KEY} -in ${file} -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:${hash} -pkeyopt rsa_mgf1_md:${mgf1}`.split(
      ' ',
    ),
  ],
  'pyca/cryptography': (hash, mgf1, file) => {
    const python = join(PYTHON, 'target/bin/python');
    if (!existsSync(python)) throw missing(python, '.ci/run builds it');
    return [python, [join(PYTHON, 'oaep.py'), KEY, hash, mgf1, file]];
  },
};

for (const scheme of PADDING_SCHEMES)
  for (const [name, opener] of Object.entries(OPENERS)) {
    const hash = scheme.replace('oaepSha', 'sha');
    const file = join(folder, `${scheme}.bin`);
    test(`${name} opens a password of ${scheme} with the same hash in MGF1, and not with SHA-1`, async () => {
      const password = 'Pass word ~ 0123456789 !';
      writeFileSync(file, Buffer.from(sealPfxPassword(connector, password, scheme), 'base64'));
      assert.equal(await output(...opener(hash, hash, file)), password);
      assert.notEqual((await run(...opener(hash, 'sha1', file))).code, 0);
    });
  }

test('OpenSSL names the same SHA-256 of the key as our error for a wrong pin', async () => {
  const der = join(folder, 'connector.der');
  await output('openssl', ['pkey', '-in', KEY, '-pubout', '-outform', 'DER', '-out', der]);
  const [sha256 = ''] = (await output('openssl', ['dgst', '-sha256', '-r', der])).split(' ');
  assert.equal(sha256, connector.sha256);
});
