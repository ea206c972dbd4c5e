/** Every command line in the documentation is one that the program takes, and every command is shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../../src/cli/main.ts';
import { assertNamed, assertRuns, copiedCommands, namedCommands, shellWords } from './command-lines.ts';
import { pages, read } from './read.ts';

const sections = read('docs/commands.md')
  .split(/^## openndes /m)
  .slice(1)
  .map((text) => ({ command: text.slice(0, text.indexOf('\n')), text }));

test('README names every command, or one of those below it', () => {
  for (const command of program().commands)
    assert.ok(read('README.md').includes(`openndes ${command.name()}`), command.name());
});

for (const { command, text } of sections)
  test(`the help of openndes ${command} has an example of it, which runs`, () => {
    const [, example = ''] = /^Example:\n((?: {2}\S.*\n)+)/m.exec(text) ?? [];
    assert.ok(example, 'no example');
    const lines = copiedCommands(`\`\`\`\n${example}\`\`\``);
    assert.ok(
      lines.some((line) => `${line} `.startsWith(`${command} `)),
      example,
    );
    for (const line of lines) assertRuns(line);
  });

for (const page of pages)
  test(`commands that ${page} shows can be run, and those that it names exist`, () => {
    const text = read(page);
    for (const line of copiedCommands(text)) assert.doesNotThrow(() => assertRuns(line), `openndes ${line}`);
    for (const line of namedCommands(text)) assert.doesNotThrow(() => assertNamed(line), `openndes ${line}`);
  });

for (const page of pages)
  test(`the npm scripts that ${page} names exist`, () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of read(page).matchAll(/\bnpm run (?:-s )?([a-z:]+)/g))
      assert.ok(scripts[script!], `npm run ${script}`);
  });

test('the search finds the commands of a page, and the check refuses wrong ones', () => {
  const page = [
    'Text `openndes ca show` and `npx openndes certs list --json`.',
    '    npx openndes serve --config a.yaml  # a comment with `openndes x`',
    '```sh',
    'openndes enroll URL \\',
    '  --subject "CN=a b" > out.txt',
    '```',
    'openndes is no command at the left edge',
  ].join('\n');
  assert.deepEqual(namedCommands(page), ['ca show', 'certs list --json', 'x']);
  assert.deepEqual(copiedCommands(page).map(shellWords).toSorted(), [
    ['enroll', 'URL', '--subject', 'CN=a b'],
    ['serve', '--config', 'a.yaml'],
  ]);
  for (const wrong of ['serv', 'serve --cofnig a', 'serve extra', 'serve --config', 'certs show'])
    assert.throws(() => assertRuns(wrong), { name: 'CommanderError' }, wrong);
  for (const wrong of ['serv', 'certs lst', 'certs list --jsn'])
    assert.throws(() => assertNamed(wrong), /no command|has no/, wrong);
});
