/** Waits for the signal that ends a server. */

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once with exit code 130. */
export const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.removeListener(signal, stop);
        process.once(signal, () => process.exit(130));
      }
      resolve();
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
  });
