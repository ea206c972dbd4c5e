/** Waits for the operating system to ask for the end. */

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once, as people expect of it. */
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
