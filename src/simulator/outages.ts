/** Outages of a whole port: it refuses connections, or shows the certificate of an authority that no client trusts. */

/** The kinds of an outage. */
export type OutageKind = 'refused' | 'untrusted';

/** A port that can have an outage. `begin` also ends the connections that are open. */
export type OutagePort = {
  begin(kind: OutageKind): void;
  /** Resolves when the port answers again. */
  end(): Promise<void>;
};

/** The listeners: that of the services, and that of the managed identity endpoints. */
export type PortName = 'services' | 'machine';

/** The outages of one simulator. */
export class Outages {
  readonly #ports = new Map<PortName, OutagePort>();
  readonly #timers = new Map<PortName, NodeJS.Timeout>();

  /** Makes a port known. Before that, an outage of it does nothing. */
  add(name: PortName, port: OutagePort): void {
    this.#ports.set(name, port);
  }

  /** Without `seconds` until `clear`. A later outage replaces an earlier one. */
  begin(name: PortName, kind: OutageKind, seconds?: number): void {
    clearTimeout(this.#timers.get(name));
    this.#ports.get(name)?.begin(kind);
    if (seconds !== undefined)
      this.#timers.set(
        name,
        setTimeout(() => void this.#ports.get(name)?.end(), seconds * 1000),
      );
  }

  /** Ends all outages. */
  async clear(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all([...this.#ports.values()].map((port) => port.end()));
  }
}
