/** How a request says that it does not compute, but waits: for a policy, for a CA, for another request. */

/** Called with true when the request begins to wait, and with false when it goes on. */
export type Waits = (waiting: boolean) => void;

/** The result of the work; the request waits from the first moment at which the work does not compute here. */
export async function waitingFor<T>(work: () => Promise<T>, waits: Waits | undefined): Promise<T> {
  const running = work();
  waits?.(true);
  try {
    return await running;
  } finally {
    waits?.(false);
  }
}
