/** docs/conditions.md: every kind of condition, from its table. */
import { CONDITIONS } from '../core/condition.ts';

/** The page. */
export function conditionsMarkdown(): string {
  const sections = Object.entries(CONDITIONS).map(
    ([kind, { title, severity, means, remedy }]) =>
      `## ${kind}\n\n${title} (${severity}).\n\n${means}\n\n**What to do.** ${remedy}\n`,
  );
  return `# Conditions

A condition is something that is wrong now and that an operator must act on. Each server looks once a minute. What it finds is kept in
the store, so that it is known since when, also after a restart, and it closes by itself within a minute after it is mended. After the
start of a server nothing is closed for three minutes, because tenants and keys are not asked at once.

An \`error\` means that devices are not served, or will not be soon. A \`warning\` means that somebody should act in the next days.
What several servers of one database see is one condition. The text of a condition has the names and the cause; where it says more
than "what to do" here, follow the text. The names below are stable.

${sections.join('\n')}`;
}
