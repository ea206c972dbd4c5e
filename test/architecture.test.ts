/** The walls of the house: who imports whom, and who touches the system. The table beside this file says what is allowed. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { test } from 'node:test';
import { PURE, ROOMS, SYSTEM } from './architecture.table.ts';

const SRC = join(import.meta.dirname, '..', 'src');
const IMPORT =
  /^(?:import|export)\s(?<type>type\s)?(?:[^'";]*?\sfrom\s*)?'(?<from>[^']+)'|\bimport\('(?<call>[^']+)'\)/gm;

/** A file of src/: `app` is the room of index.ts as well. Our own files are imported as `room/file.ts`. */
type Source = { path: string; room: string; text: string; imports: Import[] };
type Import = { name: string; ours: boolean; typeOnly: boolean };

function readSource(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8');
  const imports = [...text.matchAll(IMPORT)].map(({ groups = {} }) => {
    const name = groups['from'] ?? groups['call'] ?? '';
    const ours = name.startsWith('.');
    return { name: ours ? posix.join(posix.dirname(path), name) : name, ours, typeOnly: groups['type'] !== undefined };
  });
  return { path, room: roomOf(path), text, imports };
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'app');

const sources = globSync('**/*.ts', { cwd: SRC }).map((path) => readSource(path.split(sep).join('/')));
const walled = sources.filter(({ room }) => room !== 'app');

/** What the room may not import, in words; or nothing. */
function trespass({ path, room }: Source, { name, ours, typeOnly }: Import): string[] {
  // The type of a built-in is gone when the program runs, and so reaches nothing.
  if (typeOnly && name.startsWith('node:')) return [];
  const { rooms, packages } = ROOMS[room]!;
  const allowed = ours ? [room, ...rooms] : packages;
  if (allowed.includes(ours ? roomOf(name) : name) || PURE.includes(name)) return [];
  const which = `the ${ours ? 'rooms' : 'packages'} ${allowed.join(', ') || '(none)'}`;
  return [`src/${path} imports ${name}, but ${room}/ may import only ${which}`];
}

/** The files from `path` back to itself, following imports that are there when the program runs. */
function cycle(path: string, trail: readonly string[] = []): string[] {
  if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
  const next = sources.find((file) => file.path === path)?.imports.filter(({ ours, typeOnly }) => ours && !typeOnly);
  for (const { name } of next ?? []) {
    if (roomOf(name) !== roomOf(path)) continue;
    const found = cycle(name, [...trail, path]);
    if (found.length > 0) return found;
  }
  return [];
}

test('every room is in the table', () => {
  assert.ok(sources.length > 0, 'src/ has no files');
  for (const { path, room } of walled)
    assert.ok(room in ROOMS, `src/${path}: no room ${room}/ in architecture.table.ts`);
});

test('a room imports only the rooms and packages that the table allows it', () => {
  assert.deepEqual(
    walled.flatMap((file) => file.imports.flatMap((name) => trespass(file, name))),
    [],
  );
});

test('every permission is used', () => {
  const unused = Object.entries(ROOMS).flatMap(([room, { rooms, packages }]) => {
    const imports = walled.filter((file) => file.room === room).flatMap((file) => file.imports);
    const needed = imports.filter(({ name, typeOnly }) => !(typeOnly && name.startsWith('node:')));
    const used = new Set(needed.map(({ name, ours }) => (ours ? roomOf(name) : name)));
    return [...rooms, ...packages].filter((name) => !used.has(name)).map((name) => `${room}/ imports no ${name}`);
  });
  assert.deepEqual(unused, []);
});

test('no file of a room imports itself by way of others', () => {
  assert.deepEqual(
    sources.map(({ path }) => cycle(path).join(' -> ')).filter((trail) => trail !== ''),
    [],
  );
});

test('only app/ takes clock, randomness and environment from the system', () => {
  const takes = ({ path, text }: Source) =>
    Object.entries(SYSTEM)
      .filter(([, pattern]) => pattern.test(text))
      .map(([what]) => `src/${path} uses ${what}, but only app/ may: take it as a parameter`);
  assert.deepEqual(walled.flatMap(takes), []);
});

test('the pattern for imports sees every form of them', () => {
  const forms = [
    "import 'a';",
    "import type { T } from 'b';",
    "import {\n  x,\n  y,\n} from 'c';",
    "export { z } from 'd';",
    "export * from 'e';",
    "const f = await import('f');",
    "import g, { type G } from 'g';",
  ].join('\n');
  const names = [...forms.matchAll(IMPORT)].map(({ groups = {} }) => groups['from'] ?? groups['call']);
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});
