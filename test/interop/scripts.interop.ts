/**
 * The scripts of docs/app-registration.md and of `examples/`, and the blocks of pages in languages that nothing here runs, are in their languages.
 * They are read and never run: there is no tenant here, no Windows, and none of those proxies.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './kit/children.ts';
import { apt, missing } from './kit/client.ts';
import { pages, read } from '../docs/read.ts';

const ROOT = join(import.meta.dirname, '../..');
const PYTHON = join(import.meta.dirname, 'readers/python');
const folder = mkdtempSync(join(tmpdir(), 'openndes-scripts-'));
after(() => rmSync(folder, { recursive: true }));

/** What a parser says about a file; empty when there is nothing to say. Rejects when the parser is missing. */
type Parser = (file: string) => Promise<string>;

const shellcheck: Parser = async (file) => {
  const { code, stdout, stderr } = await run('shellcheck', [file]).catch(() => {
    throw missing('shellcheck', apt('shellcheck'));
  });
  return code === 0 ? '' : stdout + stderr;
};

const python =
  (language: string): Parser =>
  async (file) => {
    const command = join(PYTHON, 'target/bin/python');
    if (!existsSync(command)) throw missing(`the parser of ${language}`, '.ci/run installs it');
    const { code, stderr } = await run(command, [join(PYTHON, 'parse.py'), language, file]);
    assert.doesNotMatch(stderr, /ImportError|ModuleNotFoundError/, 'a parser is missing: .ci/run installs it');
    return code === 0 ? '' : stderr;
  };

/** Each with what makes it wrong. */
const FILES: readonly { file: string; parser: Parser; of: string; by: string; says: RegExp }[] = [
  { file: 'docs/entra/register.sh', parser: shellcheck, of: 'esac', by: 'esca', says: /SC1\d{3}/ },
  {
    file: 'docs/entra/main.tf',
    parser: python('hcl'),
    of: 'for_each = local.intune_roles',
    by: 'for_each =',
    says: /main\.tf/,
  },
  {
    file: 'docs/entra/register.ps1',
    parser: python('powershell'),
    of: 'foreach ($role in',
    by: 'foreach ($role',
    says: /:\d+:\d+/,
  },
  { file: 'examples/command-issuer.sh', parser: shellcheck, of: 'esac', by: 'esca', says: /SC1\d{3}/ },
  {
    file: 'examples/command-issuer.ps1',
    parser: python('powershell'),
    of: 'switch ($order.operation) {',
    by: 'switch ($order.operation {',
    says: /:\d+:\d+/,
  },
];

for (const { file, parser, of, by, says } of FILES) {
  test(`${file} is parsed without a complaint`, async () => assert.equal(await parser(join(ROOT, file)), ''));

  test(`the parser of ${file} notices a mistake`, async () => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    assert.ok(text.includes(of), of);
    const wrong = join(folder, basename(file));
    writeFileSync(wrong, text.replace(of, by));
    assert.match(await parser(wrong), says);
  });
}

/** How many blocks of these languages the pages have together, at least. */
const BLOCKS = { powershell: 3, toml: 2, xml: 1 };

for (const [language, least] of Object.entries(BLOCKS))
  test(`every block of ${language} in the documentation is parsed`, async () => {
    const found = pages.flatMap((page) =>
      [...read(page).matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => ({
        page,
        block,
      })),
    );
    assert.ok(found.length >= least, `${found.length} blocks`);
    for (const { page, block } of found) {
      const file = join(folder, `block.${language}`);
      writeFileSync(file, block);
      assert.equal(await python(language)(file), '', page);
      writeFileSync(file, `${block}\n<(`);
      assert.notEqual(await python(language)(file), '', 'a mistake that is not noticed');
    }
  });
