/** Which room imports which, and which uses the system. The table beside this file says what is allowed. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { test } from 'node:test';
import { PURE, ROOMS, SYSTEM } from './architecture.table.ts';
import { shapeOfSource } from './shape.ts';

const SRC = join(import.meta.dirname, '..', 'src');
const IMPORT =
  /^(?:import|export)\s(?<type>type\s)?(?:[^'";]*?\sfrom\s*)?'(?<from>[^']+)'|\bimport\('(?<call>[^']+)'\)/gm;

/** A file of src/. `room` is its folder; the entry points of the package have none. Our own files are imported as `room/file.ts`. */
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

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

/** The longest row of the table that the path lies in: `config/yaml` before `config`. */
const roomOf = (path: string): string =>
  Object.keys(ROOMS)
    .filter((room) => path.startsWith(`${room}/`))
    .toSorted((a, b) => b.length - a.length)[0] ?? posix.dirname(path);

const sources = globSync('**/*.ts', { cwd: SRC }).map((path) => readSource(path.split(sep).join('/')));
/** Files directly in src/ are the entry points of the package: they only export. */
const rooms = sources.filter(({ path }) => path.includes('/'));

/** One sentence for an import that the table does not allow; none for one that it allows. */
function forbidden({ path, room }: Source, { name, ours, typeOnly }: Import): string[] {
  // The type of a built-in does not exist at run time.
  if (typeOnly && name.startsWith('node:')) return [];
  const row = ROOMS[room];
  if (!row) return [];
  const allowed = ours ? [room, ...row.rooms] : row.packages;
  if (allowed.includes(ours ? roomOf(name) : name) || PURE.includes(name)) return [];
  const which = `the ${ours ? 'rooms' : 'packages'} ${allowed.join(', ') || '(none)'}`;
  return [`src/${path} imports ${name}, but ${room}/ may import only ${which}`];
}

/** The files from `path` back to itself, following imports of values and of types; empty without a cycle. */
function cycle(path: string, done: Set<string>, trail: readonly string[] = []): string[] {
  if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
  if (done.has(path)) return [];
  done.add(path);
  const next = sources.find((file) => file.path === path)?.imports.filter(({ ours }) => ours) ?? [];
  return next.map(({ name }) => cycle(name, done, [...trail, path])).find((found) => found.length > 0) ?? [];
}

test('every file of src/ is in a room of the table', () => {
  assert.ok(rooms.length > 0, 'src/ has no files');
  for (const { path, room } of rooms)
    assert.ok(room in ROOMS, `src/${path}: no room ${room}/ in architecture.table.ts`);
});

test('a room imports only the rooms and packages that the table allows it', () => {
  assert.deepEqual(
    rooms.flatMap((file) => file.imports.flatMap((name) => forbidden(file, name))),
    [],
  );
});

test('imports point one way: a row of the table names only rows above it', () => {
  const names = Object.keys(ROOMS);
  const upward = Object.entries(ROOMS).flatMap(([room, { rooms }]) =>
    rooms.filter((name) => names.indexOf(name) >= names.indexOf(room)).map((name) => `${room} names ${name}`),
  );
  assert.deepEqual(upward, []);
});

test('every permission is used', () => {
  const unused = Object.entries(ROOMS).flatMap(([room, allowed]) => {
    const imports = rooms.filter((file) => file.room === room).flatMap((file) => file.imports);
    const needed = imports.filter(({ name, typeOnly }) => !(typeOnly && name.startsWith('node:')));
    const used = new Set(needed.map(({ name, ours }) => (ours ? roomOf(name) : name)));
    return [...allowed.rooms, ...allowed.packages]
      .filter((name) => !used.has(name))
      .map((name) => `${room}/ imports no ${name}`);
  });
  assert.deepEqual(unused, []);
});

test('no file imports itself by way of others, not even for a type', () => {
  const done = new Set<string>();
  assert.deepEqual(
    sources.map(({ path }) => cycle(path, done).join(' -> ')).filter((trail) => trail !== ''),
    [],
  );
});

for (const { what, pattern, rooms: allowed } of SYSTEM)
  test(`only ${allowed.join(', ')} use ${what} of the system`, () => {
    const users = rooms.filter(({ text }) => pattern.test(withoutComments(text)));
    assert.deepEqual(
      users.filter(({ room }) => !allowed.includes(room)).map(({ path }) => `src/${path}: take ${what} as a parameter`),
      [],
    );
    assert.deepEqual(
      allowed.filter((name) => !users.some(({ room }) => room === name)),
      [],
      'rooms that do not need the permission',
    );
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

/** The names that stand in more than one place, each with its places. */
function repeated(all: readonly { name: string; where: string }[]): string[] {
  const places = Map.groupBy(all, ({ name }) => name);
  return [...places].flatMap(([name, at]) => (at.length > 1 ? `${name}: ${at.map(({ where }) => where).join()}` : []));
}

const shape = shapeOfSource();
const found = (places: readonly { name: string; where: string }[]): string[] =>
  places.map(({ where, name }) => `src/${where}: ${name}`);

test('the name of a file stands once in src/', () =>
  assert.deepEqual(repeated(sources.map(({ path }) => ({ name: posix.basename(path), where: path }))), []));

test('the name of an exported type stands once in src/', () => assert.deepEqual(repeated(shape.types), []));

test('no function has more than four parameters', () => assert.deepEqual(found(shape.manyParameters), []));

test('every exported statement has a doc comment', () => assert.deepEqual(found(shape.undocumented), []));

test('outside the contract suites of testing/ fewer than thirty values are asserted not to be null', () => {
  const outside = shape.assertions.filter(({ where }) => !where.startsWith('testing/'));
  assert.ok(outside.length < 30, found(outside).join('\n'));
});

test('the shape of the source is read from every file', () => {
  assert.ok(shape.types.length > 200, String(shape.types.length));
  assert.ok(shape.assertions.length > 0);
});
