/** `openndes token new` and `openndes totp new`: the secret on standard output alone, and what goes into the configuration. */
import assert from 'node:assert/strict';
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

test('totp new: a URI with the name of the user', async () => {
  const { code, out, err } = await cli('totp', 'new', 'ada');
  assert.equal(code, 0);
  const factor = parseSecondFactor(out) ?? assert.fail(out);
  assert.deepEqual([factor.label, factor.issuer], ['ada', 'openndes']);
  assert.ok(!err.includes(factor.secret.base32));
});
