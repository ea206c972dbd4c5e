/** How many requests ended how in each of the last hours, within reach. */
import { z } from 'zod';
import { HOUR } from '../core/durations.ts';
import type { Running } from './action.ts';
import { isAt } from './placed-endpoints.ts';
import { TIME } from './shown-certificate.ts';

const HOURS = 24;

/** One row for each hour, the oldest first; the last one is not over. `waiting`: answers that the client is to come again. */
export const HOUR_CHART = z.array(
  z.object({ hour: TIME, issued: z.number().int(), refused: z.number().int(), waiting: z.number().int() }),
);

/** One row. */
export type ChartHour = z.output<typeof HOUR_CHART>[number];

/** Also hours without a request. */
export async function lastHours(running: Running<unknown>): Promise<ChartHour[]> {
  const now = running.desk.clock().getTime();
  const first = now - (now % HOUR) - (HOURS - 1) * HOUR;
  const rows = Array.from({ length: HOURS }, (_, at) => emptyHour(new Date(first + at * HOUR)));
  for (const { hour, endpoint, outcome, number } of await running.desk.store.findHourCounts(new Date(first))) {
    const row = rows[Math.floor((hour.getTime() - first) / HOUR)];
    if (row && isAt(running, endpoint)) row[outcome] += number;
  }
  return rows;
}

const emptyHour = (hour: Date): ChartHour => ({ hour: hour.toISOString(), issued: 0, refused: 0, waiting: 0 });
