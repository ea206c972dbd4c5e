/** `openndes token new` and `openndes totp new`: the secret on standard output alone, and what goes into the configuration. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseTokenHash, sha256 } from '../../src/access/bearer-tokens.ts';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { main } from '../../src/cli/main.ts';

async function cli(...args: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await main(args, { out: (line) => void lines.push(line), err: (line) => void errors.push(line) });
  return { code, out: lines.join('\n'), err: errors.join('\n') };
}

test('token new: a token of 256 bits, another one each time, and its hash', async () => {
  const { code, out, err } = await cli('token', 'new', 'inventory');
  assert.equal(code, 0);
  assert.match(out, /^openndes_[\w-]{43}$/);
  const [, hash = ''] = /tokens: { inventory: { hash: "(sha256:[0-9a-f]{64})"/.exec(err) ?? [];
  assert.deepEqual(parseTokenHash(hash), sha256(out));
  assert.ok(!err.includes(out));
  assert.notEqual((await cli('token', 'new', 'inventory')).out, out);
});

test('token new: the line for the configuration has the role that was asked for', async () => {
  assert.match((await cli('token', 'new', 'inventory')).err, /, role: viewer } } }$/);
  assert.match((await cli('token', 'new', 'prometheus', '--role', 'metrics')).err, /, role: metrics } } }$/);
  assert.equal((await cli('token', 'new', 'prometheus', '--role', 'root')).code, 1);
});

test('totp new: a URI with the name of the user', async () => {
  const { code, out, err } = await cli('totp', 'new', 'ada');
  assert.equal(code, 0);
  const factor = parseSecondFactor(out) ?? assert.fail(out);
  assert.deepEqual([factor.label, factor.issuer], ['ada', 'openndes']);
  assert.ok(!err.includes(factor.secret.base32));
});

test('totp code: the code of now, which the server takes; a file without a key is named', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-totp-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ada.totp');
  writeFileSync(file, `${(await cli('totp', 'new', 'ada')).out}\n`);
  const factor = parseSecondFactor(readFileSync(file, 'utf8')) ?? assert.fail();
  const { out } = await cli('totp', 'code', file);
  assert.match(out, /^\d{6}$/);
  assert.notEqual(factor.validate({ token: out, window: 1 }), null);
  writeFileSync(file, 'nothing');
  const wrong = await cli('totp', 'code', file);
  assert.equal(wrong.code, 78);
  assert.match(wrong.err, /ada\.totp has no otpauth URI/);
});
