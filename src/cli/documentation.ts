/** The pages of docs/ that are generated from code. Run as a program, it writes them; a test compares them. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { FAIL_INFO, HTTP_ERRORS, REFUSALS } from '../core/errors.ts';
import { referenceMarkdown } from '../config/reference.ts';
import { conditionsMarkdown } from './conditions-page.ts';
import { accessMarkdown } from './access-page.ts';
import { apiMarkdown } from './api-page.ts';
import { logMarkdown } from './log-page.ts';
import { metricsMarkdown } from './metrics-page.ts';
import { writePublicFile } from '../app/files.ts';
import { intuneMarkdown } from './intune-page.ts';
import { program } from './main.ts';

/** docs/errors.md: every refusal and HTTP error, with what the device is sent and what to do. */
export function errorsMarkdown(): string {
  const refusals = Object.entries(REFUSALS).map(
    ([code, { failInfo, hresult, text, remedy }]) =>
      `| \`${code}\` | ${failInfo} (${FAIL_INFO[failInfo]}) | ${hex(hresult)} | ${text} | ${remedy} |`,
  );
  const http = Object.entries(HTTP_ERRORS).map(
    ([code, { status, remedy }]) => `| \`${code}\` | ${status} | ${remedy} |`,
  );
  return `# Error codes

The log line of a request has its \`code\`. A device is sent only failInfo, HRESULT and text.

## Refusals: a signed CertRep FAILURE, HTTP 200

| code | failInfo | HRESULT in Windows' event log | text on the wire | what to do |
|---|---|---|---|---|
${refusals.join('\n')}

## HTTP errors: requests that cannot be answered in SCEP

| code | status | what to do |
|---|---|---|
${http.join('\n')}
`;
}

const hex = (hresult: number): string => `0x${(hresult >>> 0).toString(16)} (${hresult})`;

/** docs/commands.md: the help of every command. */
export function commandsMarkdown(): string {
  const sections = leaves(program()).map(
    ({ name, command }) => `## openndes ${name}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
  );
  return `# Commands

In a checkout \`npx openndes …\` runs them, installed \`openndes …\`. Exit codes: 0 done, 1 failed (also because of
a wrong option), 78 something on this machine must be corrected first, such as the configuration, a file or the store. The
message says what and how.
\`enroll\` also has 2 refused and 3 pending, \`profiles test\` 2 refused. \`certs revoke\` also has 4: nothing was done yet, the command
was proposed, and another person confirms it (\`admin.twoPersons\`).

${sections.join('\n')}`;
}

function leaves(command: Command, path: readonly string[] = []): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = [...path, child.name()];
    const below = leaves(child, name);
    return below.length === 0 || child.registeredArguments.length > 0
      ? [{ name: name.join(' '), command: child }, ...below]
      : below;
  });
}

/** Help with its example, as a terminal shows it. */
function help(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text.trimEnd();
}

/** Every generated page by its file name under docs/. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': referenceMarkdown,
  'errors.md': errorsMarkdown,
  'commands.md': commandsMarkdown,
  'intune.md': intuneMarkdown,
  'log.md': logMarkdown,
  'conditions.md': conditionsMarkdown,
  'metrics.md': metricsMarkdown,
  'api.md': apiMarkdown,
  'access.md': accessMarkdown,
};

if (import.meta.main) for (const [file, make] of Object.entries(PAGES)) writePublicFile(join('docs', file), make());
