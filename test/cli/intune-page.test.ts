/** The generated tables of docs/intune.md: exactly the codes of the product; the text between them is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTables } from '../../src/cli/intune-page.ts';

const page = (intune: string, entra: string): string =>
  `# Intune\nBefore.\n<!-- generated: codes of Intune -->\n${intune}<!-- end -->\nBetween.\n` +
  `<!-- generated: codes of Entra ID -->\n${entra}<!-- end -->\nAfter.\n`;

test('a code that is missing on the page is written, one that the product does not have is removed', () => {
  const written = withTables(page('| `NoSuchCode` | x | y |\n', ''));
  assert.match(written, /^\| `ChallengeExpired` \| The challenge is older than its 60 minutes\. \| .+ \|$/m);
  assert.match(written, /^\| `AADSTS7000222` \| the client secret has expired \| .+ \|$/m);
  assert.doesNotMatch(written, /NoSuchCode/);
});

test('each table stands between its own markers, and the rest of the page is kept', () => {
  const written = withTables(page('', ''));
  const [before, intune, between, entra, after] = written.split(/<!-- .* -->\n/);
  assert.deepEqual([before, between, after], ['# Intune\nBefore.\n', 'Between.\n', 'After.\n']);
  assert.ok(intune?.startsWith('| Code | Meaning | What to do |\n|---|---|---|\n| `Success` | '));
  assert.ok(entra?.startsWith('| Entra code | Meaning | What to do |\n|---|---|---|\n| `AADSTS7000215` | '));
  assert.equal(withTables(written), written);
});

test('a page without markers is an error', () => {
  assert.throws(() => withTables('# Intune\n'), /no markers for the codes of Intune/);
});
