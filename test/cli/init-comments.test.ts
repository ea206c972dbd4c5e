/** What `openndes init` writes as a comment. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../src/app/configuration-file.ts';
import { installed } from '../app/installation.ts';
import { USERS } from '../wiring/administrator.ts';
import { TOTP } from '../wiring/operators.ts';

/** Without the `# ` of these lines. */
const uncommented = (text: string, first: string, last: string): string => {
  const [from, to] = [text.indexOf(first), text.indexOf(last)];
  assert.ok(from > 0 && to > from, 'the lines are there, in this order');
  const end = text.indexOf('\n', to);
  return text.slice(0, from) + text.slice(from, end).replace(/^# /gm, '') + text.slice(end);
};

test('the tenant that init writes as a comment is a valid one, in which nothing is revoked by itself', async (t) => {
  const { config } = await installed(t);
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, uncommented(text, '# tenants:', '#     # directory:'));
  const { corp } = readConfig(config).config.tenants;
  assert.equal(corp?.revocation, 'off');
  assert.equal(corp.directory, undefined);
  writeFileSync(config, uncommented(text, '# tenants:', '#     # directory:').replace('# directory:', 'directory:'));
  assert.deepEqual(readConfig(config).config.tenants['corp']?.directory, { every: 4 * 3_600_000, limit: 2 });
});

test('the user that init writes as a comment may log in with a password and a code', async (t) => {
  const { config } = await installed(t);
  writeFileSync(config, uncommented(readFileSync(config, 'utf8'), '# admin:', '#     ada:'));
  for (const [file, content] of [
    ['ada.hash', USERS.ndes],
    ['ada.totp', TOTP],
  ] as const)
    writeFileSync(join(dirname(config), file), content, { mode: 0o600 });
  const ada = readConfig(config).config.admin?.users?.['ada'];
  assert.ok(ada && 'role' in ada && ada.totp);
  assert.equal(ada.role, 'operator');
});
