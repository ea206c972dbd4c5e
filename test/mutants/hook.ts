/** Loaded before a test file, in its process and in those that it starts: one file of the source is another than on the disk. */
import { registerHooks } from 'node:module';
import type { Edit } from './operators.ts';

/** What the variable OPENNDES_MUTANT has, as JSON. `url` is that of the changed file. */
export type Loaded = { url: string; edit: Edit };

const { url: changed, edit } = JSON.parse(process.env['OPENNDES_MUTANT'] ?? '{}') as Partial<Loaded>;

if (changed && edit)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== changed) return loaded;
      const text = Buffer.from(loaded.source as Uint8Array).toString();
      return { ...loaded, source: text.slice(0, edit.start) + edit.text + text.slice(edit.end) };
    },
  });
