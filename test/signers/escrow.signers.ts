/** A recovery officer whose key is in a token opens a key in escrow together with another one. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { privateKeyPem } from '../../src/keys/software.ts';
import { escrowText } from '../../src/pfx/escrow-text.ts';
import { sealEscrow } from '../../src/pfx/escrow.ts';
import { readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { run } from '../app/installation.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, random } from '../kit/pki.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { newToken, PIN, pinFile } from './token.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-escrow-'));
after(() => rmSync(folder, { recursive: true }));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

const token = await newToken('recovery');
const inToken = pinFile('of-alice');
writeFileSync(inToken, rsaKey('alice').privateKey.export({ format: 'pem', type: 'pkcs8' }));
token.softhsm('--import', inToken, '--token', 'recovery', '--label', 'alice', '--id', '01', '--pin', PIN);
const bob = written('bob.key', privateKeyPem(rsaKey('bob').privateKey));

const officers = ['alice', 'bob'].map((name) =>
  readRecoveryOfficer(name, Buffer.from(connectorPem(createPublicKey(rsaKey(name).privateKey))), name),
);
const kept = { file: Buffer.from('a PKCS#12 file'), password: 'Abcdefghijklmnop01234567' };
const plan = { certificate: issuing.certificate, officers, required: 2, random };
const record = written('jane.escrow', escrowText(sealEscrow(kept, plan)));

test('a key in a token and one in a file open a key in escrow together, and neither does alone', async () => {
  const out = join(folder, 'jane.p12');
  const recover = (...keys: string[]) =>
    run('pfx', 'recover', record, out, '--unrecorded', ...keys.flatMap((key) => ['--key', key]));
  const alone = await recover(token.uri('alice'));
  assert.match(alone.err, /^2 recovery officers are required, and the keys of 1 are here/);
  const { code, out: password } = await recover(token.uri('alice'), bob);
  assert.deepEqual([code, password], [0, kept.password]);
  assert.deepEqual(readFileSync(out), kept.file);
});
