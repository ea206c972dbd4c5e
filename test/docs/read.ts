/** The pages that people read, by their path from the root of the repository. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Every page in Markdown at the root, and about certificates and the product. */
export const pages = globSync(['*.md', 'certs/*.md', 'docs/**/*.md'], { cwd: root }).map((file) =>
  file.split(sep).join('/'),
);
