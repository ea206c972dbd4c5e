/** Reads the text format of Prometheus, as a scrape gets it. */

/** `types`: kind by name of the metric. `values`: by the series as it is written, labels in the order of their names. */
export type Exposition = { types: Map<string, string>; values: Map<string, number> };

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(?<label>\w+)="(?<text>(?:\\.|[^"\\])*)"/g;

/** Throws Error at the first line that is none. */
export function readExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') types.set(name, rest);
    if (kind !== undefined) continue;
    const found = LINE.exec(line)?.groups;
    if (!found) throw new Error(`not a line of the text format: ${line}`);
    const labels = [...(found['labels'] ?? '').matchAll(LABEL)].map(
      ({ groups }) => `${groups!['label']}="${groups!['text']}"`,
    );
    const series = labels.length > 0 ? `${found['name']}{${labels.toSorted().join()}}` : found['name']!;
    if (values.has(series)) throw new Error(`twice: ${series}`);
    values.set(series, Number(found['value']));
  }
  return { types, values };
}

/** The scrape of a URL. */
export async function scraped(url: string): Promise<Exposition> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
  return readExposition(await response.text());
}
