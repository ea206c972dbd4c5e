/** A list as a file, read page by page while it is sent. */
import { Readable } from 'node:stream';
import type { Attachment } from './page-row.ts';

const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/jsonl' } as const;
const ENDINGS = { csv: 'csv', json: 'jsonl' } as const;

type Lines = { text: string; next?: string | undefined };

/** The first page is read before the answer begins, so that what is refused is still a page. Throws what `page` throws for it. */
export async function exported(
  name: string,
  form: keyof typeof TYPES,
  page: (cursor?: string) => Promise<Lines>,
): Promise<Attachment> {
  const first = await page();
  return { file: `${name}.${ENDINGS[form]}`, type: TYPES[form], body: Readable.from(rest(first, page)) };
}

async function* rest(first: Lines, page: (cursor: string) => Promise<Lines>): AsyncGenerator<string> {
  for (let lines = first; ; ) {
    if (lines.text !== '') yield lines.text;
    if (lines.next === undefined) return;
    lines = await page(lines.next);
  }
}
