/** The files that docs/vendors.md has a vendor write, as they stand there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../docs/vendors.md');
/** A heading with the name of a file, and the first block of JavaScript after it. */
const FILE = /^## \d\. [^`\n]*`(?<name>[\w.-]+\.mjs)`$.*?^```js\n(?<text>.*?)^```$/gms;

/** Writes them into a folder, and returns their names. */
export function writeVendorFiles(folder: string): string[] {
  return [...readFileSync(PAGE, 'utf8').matchAll(FILE)].map(({ groups: { name = '', text = '' } = {} }) => {
    writeFileSync(join(folder, name), text);
    return name;
  });
}
