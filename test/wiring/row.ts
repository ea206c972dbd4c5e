/** One row of the wiring table: keys of the configuration, and a question over HTTP whose answer depends on them. */
export type Row = {
  /** As docs/configuration.md writes them. */
  keys: readonly string[];
  question: string;
  /** Asks at a place, most often the path of an endpoint. The places of a row are asked at the same time. */
  ask: (place: string) => Promise<unknown>;
  /** The answer at each place, literally. */
  answers: Readonly<Record<string, unknown>>;
};
