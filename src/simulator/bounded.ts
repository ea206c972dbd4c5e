/** A map of limited size, so that a load test does not fill the memory. */

/** So many entries are kept. */
const LIMIT = 100_000;

/** A map that forgets its oldest entries. */
export class Bounded<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > LIMIT && oldest !== undefined) this.#entries.delete(oldest);
  }
}
