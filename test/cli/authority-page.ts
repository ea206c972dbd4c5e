/** Runs the commands of docs/authority.md in order, in a folder of its own. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse, parseDocument } from 'yaml';
import { startServer } from '../../src/app/configured-server.ts';
import { run } from '../app/installation.ts';
import { shellWords } from '../docs/command-lines.ts';
import { read } from '../docs/read.ts';

/** A block of the page: `kind` is its language. `sh hsm` is the alternative to the `sh` block before it. */
type Block = { kind: string; text: string };

const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```([a-z ]+)\n([^]*?)^```$/gm)].map(([, kind = '', text = '']) => ({ kind, text }));

/** The blocks for keys in files, or those for keys in an HSM in place of the ones before them. */
function variant(keys: 'file' | 'hsm'): Block[] {
  const blocks = blocksOf(read('docs/authority.md'));
  return keys === 'file'
    ? blocks.filter(({ kind }) => kind !== 'sh hsm')
    : blocks.filter(({ kind }, index) => kind !== 'sh' || blocks[index + 1]?.kind !== 'sh hsm');
}

const PASSPHRASES = { ROOT_PASSPHRASE: 'of the root', CA_PASSPHRASE: 'of the CA', OLD_PASSPHRASE: 'pass phrase' };

/** What was run, and what each server answered at these paths while it ran. */
export type Walked = { commands: string[]; served: Map<string, Uint8Array>; at: (path: string) => string };

const LOOKED_AT = ['/crl/root.crl', '/aia/root.cer', '/aia/issuing.cer', '/crl/issuing.crl'];

/** Fails when a command does. `uri` stands for every URI of PKCS#11 in the page. */
export async function walkPage(t: TestContext, keys: 'file' | 'hsm', uri = ''): Promise<Walked> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-page-'));
  const before = process.cwd();
  process.chdir(folder);
  Object.assign(process.env, PASSPHRASES);
  t.after(() => {
    process.chdir(before);
    for (const name of Object.keys(PASSPHRASES)) delete process.env[name];
    rmSync(folder, { recursive: true });
  });
  mkdirSync('usb');
  const vector = new URL('../vectors/pkcs12/windows-aes.json', import.meta.url);
  writeFileSync(
    'usb/old-ca.pfx',
    Buffer.from((parse(readFileSync(vector, 'utf8')) as { pkcs12: string }).pkcs12, 'base64'),
  );
  const walked: Walked = { commands: [], served: new Map(), at: (path) => join(folder, path) };
  for (const { kind, text } of variant(keys)) {
    if (kind === 'yaml') merge(text);
    if (!kind.startsWith('sh')) continue;
    for (const line of text.split('\n').filter(Boolean)) await command(line.replace(/pkcs11:[^"]*/, uri), walked);
  }
  return walked;
}

async function command(line: string, { commands, served }: Walked): Promise<void> {
  const [program, ...words] = shellWords(line);
  const [from = '', to = ''] = words;
  if (program === 'cp') copyFileSync(from, to);
  else if (words[0] === 'serve') await lookAt(words[2] ?? '', served);
  else {
    assert.equal(program, 'openndes', `${line}: only openndes and cp are run`);
    const { code, err } = await run(...words);
    assert.equal(code, 0, `${line}: ${err}`);
  }
  commands.push(`${program} ${words.slice(0, 2).join(' ')}`);
}

async function lookAt(config: string, served: Map<string, Uint8Array>): Promise<void> {
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  try {
    for (const path of LOOKED_AT) {
      const response = await fetch(new URL(path, server.urls[0]));
      assert.equal(response.status, 200, path);
      served.set(path, new Uint8Array(await response.arrayBuffer()));
    }
  } finally {
    await server.close();
  }
}

/** Puts the keys of a block into the configuration, as a reader of the page does, and takes a free port. */
function merge(text: string): void {
  const document = parseDocument(readFileSync('pki/openndes.yaml', 'utf8'));
  const set = (path: readonly string[], value: unknown): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return document.setIn(path, value);
    for (const [key, below] of Object.entries(value)) set([...path, key], below);
  };
  set([], parse(text));
  document.setIn(['listen', 'port'], 0);
  document.setIn(['listen', 'drain'], 0);
  writeFileSync('pki/openndes.yaml', document.toString());
}
