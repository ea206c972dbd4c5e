/** Keys in escrow, opened by a program that knows nothing but what docs/pfx.md says of them. */
import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { privateKeyPem } from '../../src/keys/software.ts';
import { escrowText } from '../../src/pfx/escrow-text.ts';
import { sealEscrow } from '../../src/pfx/escrow.ts';
import { readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, random } from '../kit/pki.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { output, run } from './kit/children.ts';
import { missing } from './kit/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-escrow-'));
after(() => rmSync(folder, { recursive: true }));
const python = join(import.meta.dirname, 'readers/python/target/bin/python');
const script = join(import.meta.dirname, 'readers/python/escrow.py');

const NAMES = ['alice', 'bob', 'carol'];
const keys = NAMES.map((name) => {
  const path = join(folder, `${name}.key`);
  writeFileSync(path, privateKeyPem(rsaKey(name).privateKey));
  return path;
});
const officers = NAMES.map((name) =>
  readRecoveryOfficer(name, Buffer.from(connectorPem(createPublicKey(rsaKey(name).privateKey))), name),
);
const kept = { file: random(3000), password: 'Abcdefghijklmnop01234567' };

for (const required of [2, 3])
  test(`pyca/cryptography opens a key in escrow with the keys of ${required} of 3 officers, and not with fewer`, async () => {
    if (!existsSync(python)) throw missing(python, '.ci/run builds it');
    const record = join(folder, `${required}.escrow`);
    const plan = { certificate: issuing.certificate, officers, required, random };
    writeFileSync(record, escrowText(sealEscrow(kept, plan)));
    const chosen = keys.slice(-required);
    const opened = await output(python, [script, record, ...chosen]);
    assert.equal(opened.trim(), `${kept.password} ${hash('sha256', kept.file)}`);
    const fewer = await run(python, [script, record, ...chosen.slice(1)]);
    assert.notEqual(fewer.code, 0);
    assert.match(fewer.stderr, /InvalidTag/);
  });
