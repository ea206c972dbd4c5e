/** `trace`: what is kept of requests that failed or led to nothing, too. */
import { defaulted, section } from './yaml/table.ts';
import { integer } from './yaml/value-types.ts';

/** The section. */
export const traceSection = () =>
  section(
    'The trace of requests, see trace.md: one row in the store for each, whatever became of it.',
    '{ days: 30, perDevice: 200, perEndpoint: 1000000 }',
    {
      days: defaulted(
        integer(0, 3_650, 30),
        30,
        'How many days a row stays. `0` writes none; rows that are there are removed.',
      ),
      perDevice: defaulted(
        integer(10, 100_000, 200),
        200,
        'How many rows of one device stay, the newest; there can be a tenth more for a while.',
      ),
      perEndpoint: defaulted(
        integer(1_000, 100_000_000, 1_000_000),
        1_000_000,
        'How many rows of one endpoint stay, the newest; looked at every six hours. A row takes about a kilobyte.',
      ),
    },
  ).prefault({});
