/** Objects by id in the order of their last change, the removed ones too: what pages and delta queries need. */

/** Why an object is not there any more, as in `@removed`: it can be restored (`changed`) or cannot (`deleted`). */
export type RemovalReason = 'changed' | 'deleted';

/** One entry; `object` is undefined after a removal. */
export type VersionedEntry<T> = { id: string; version: number; object: T | undefined; reason?: RemovalReason };

/** Which changes are asked for. */
export type ChangeRange = { after: number; until?: number; most: number; removed: boolean };

/** A list whose every change has a number. */
export class VersionedList<T> {
  /** In the order of `version`, because a changed entry is put at the end. */
  readonly #entries = new Map<string, VersionedEntry<T>>();
  #version = 0;

  /** The number of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Adds the object or puts it in the place of the one with this id. */
  set(id: string, object: T): void {
    this.#change({ id, object });
  }

  /** Removes an object and keeps that it was there. Nothing when there is none. */
  remove(id: string, reason: RemovalReason): void {
    if (this.get(id) !== undefined) this.#change({ id, object: undefined, reason });
  }

  #change(entry: Omit<VersionedEntry<T>, 'version'>): void {
    this.#entries.delete(entry.id);
    this.#entries.set(entry.id, { ...entry, version: ++this.#version });
  }

  get(id: string): T | undefined {
    return this.#entries.get(id)?.object;
  }

  /** The objects that are there, in the order of their last change. */
  objects(): T[] {
    return [...this.#entries.values()].flatMap(({ object }) => (object === undefined ? [] : [object]));
  }

  /** At most `most` entries whose last change is after `after` and not after `until`; without `removed` those that are there. */
  changes({ after, until = Infinity, most, removed }: ChangeRange): VersionedEntry<T>[] {
    const found: VersionedEntry<T>[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.version > until || found.length === most) break;
      if (entry.version > after && (removed || entry.object !== undefined)) found.push(entry);
    }
    return found;
  }

  /** Forgets everything, removals included. */
  clear(): void {
    this.#entries.clear();
    this.#version++;
  }
}
