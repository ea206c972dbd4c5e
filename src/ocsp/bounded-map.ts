/** A map of bounded size: at its bound, what was put in first makes room. */
export class BoundedMap<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const [first] = this.#values.size >= this.#most && !this.#values.has(key) ? this.#values.keys() : [];
    if (first !== undefined) this.#values.delete(first);
    this.#values.set(key, value);
  }

  clear(): void {
    this.#values.clear();
  }
}
