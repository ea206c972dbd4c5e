/** The command lines that documentation shows, and what the program would make of them. */
import type { Command } from 'commander';
import { program } from '../../src/cli/main.ts';

const COMMENT_OR_SHELL = /^(?:#|>|<|\||&&|;)/;

/** Words of one command as a shell splits them, without quotes; up to a comment, a redirection or the next command. */
export function shellWords(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const end = words.findIndex((word) => COMMENT_OR_SHELL.test(word));
  return words.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/["']/g, ''));
}

/** What follows `openndes` in the lines of a page that people copy: those that are indented or stand in a code block. */
export function copiedCommands(page: string): string[] {
  const whole = page.replace(/\\\n\s*/g, ' ');
  const blocks = [...whole.matchAll(/^```[^\n]*\n(?<block>[\s\S]*?)^```/gm)].flatMap(({ groups = {} }) =>
    (groups['block'] ?? '').split('\n'),
  );
  const indented = whole.split('\n').filter((line) => /^ {4}\S/.test(line));
  return [...new Set([...blocks, ...indented])].flatMap(
    (line) => /^\s*(?:\$ )?(?:npx )?openndes (?<words>.*)$/.exec(line)?.groups?.['words'] ?? [],
  );
}

/** What follows `openndes` in the commands that running text names: often without their arguments. */
export const namedCommands = (page: string): string[] =>
  [...page.matchAll(/`(?:npx )?openndes (?<words>[a-z][^`\n]*)`/g)].map(({ groups = {} }) => groups['words'] ?? '');

/** The whole command line, with nothing behind it: it is only read. */
function parser(): Command {
  const root = program({ out: () => {}, err: () => {} });
  const every = (command: Command): Command[] => [command, ...command.commands.flatMap(every)];
  for (const command of every(root))
    if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(() => {});
  return root;
}

/** Throws unless the program takes this line as it stands: command, options, their values, and arguments. */
export function assertRuns(line: string): void {
  parser().parse(shellWords(line), { from: 'user' });
}

/** Throws unless the command exists and has the options that are named; its arguments may be left out. */
export function assertNamed(line: string): void {
  const words = shellWords(line);
  let command = parser();
  for (const word of words) {
    if (command.commands.length === 0) break;
    const next = command.commands.find((each) => each.name() === word);
    if (!next && command.registeredArguments.length > 0) break;
    if (!next) throw new Error(`there is no command openndes ${line}`);
    command = next;
  }
  const known = command.options.flatMap(({ short, long }) => [short, long]);
  const unknown = words.filter((word) => word.startsWith('-') && !known.includes(word.replace(/=.*/, '')));
  if (unknown.length > 0) throw new Error(`openndes ${command.name()} has no ${unknown.join(', ')}`);
}
