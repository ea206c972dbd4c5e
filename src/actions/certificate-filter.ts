/** The filter of lists of certificates, as it is sent, and as the store takes it. */
import { z } from 'zod';
import { DAY } from '../core/durations.ts';
import { defined } from '../core/defined.ts';
import { type CertificateQuery, SHOWN_STATES, type Span } from '../core/search-store.ts';
import { searchTerms } from '../manage/search-terms.ts';
import type { Running } from './action.ts';
import { placesFor } from './seen-certificates.ts';

const TEXT = z.string().trim().min(1).max(600);
/** A date, or a date and a time with its offset. */
export const MOMENT = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/**
 * `q`: the beginning of a name, or of a serial number, or a thumbprint. `subject`: text that it contains. `authority`: its name, or the
 * beginning of an issuer id. `expiresWithin`: days. Times: from and later, earlier than before; without a time of day from 0:00 UTC.
 */
export const FILTER = {
  q: TEXT.optional(),
  subject: TEXT.optional(),
  endpoint: TEXT.optional(),
  authority: TEXT.optional(),
  profile: TEXT.optional(),
  expiresWithin: z.number().int().min(0).max(36_500).optional(),
  expiresFrom: MOMENT.optional(),
  expiresBefore: MOMENT.optional(),
  issuedFrom: MOMENT.optional(),
  issuedBefore: MOMENT.optional(),
};

/** Beside the filter, in lists. */
export const STATE = z.enum(SHOWN_STATES).optional();

/** As it was sent. */
export type SentFilter = z.output<z.ZodObject<typeof FILTER>> & { state?: z.output<typeof STATE> };

/** `limit`: rows of a page. `cursor`: `next` of the page before. */
export const PAGE = {
  limit: z.number().int().min(1).max(500).default(50),
  cursor: z.string().max(60).optional(),
};

/** What the store is asked: only what the caller may see. */
export async function queryOf({
  desk,
  reach,
  input,
}: Pick<Running<SentFilter>, 'desk' | 'reach' | 'input'>): Promise<CertificateQuery> {
  const now = desk.clock();
  return {
    now,
    ...defined({
      terms: input.q === undefined ? undefined : searchTerms(input.q),
      subject: input.subject,
      state: input.state,
      places: await placesFor({ desk, reach }, input),
      ends: endsOf(input, now),
      recorded: spanOf(input.issuedFrom, input.issuedBefore),
    }),
  };
}

/** With `expiresWithin`: from now on, and at most so many days. */
function endsOf({ expiresWithin, expiresFrom, expiresBefore }: SentFilter, now: Date): Span | undefined {
  if (expiresWithin === undefined) return spanOf(expiresFrom, expiresBefore);
  return { from: now, before: new Date(now.getTime() + expiresWithin * DAY) };
}

const spanOf = (from: string | undefined, before: string | undefined): Span | undefined =>
  from === undefined && before === undefined
    ? undefined
    : defined({
        from: from === undefined ? undefined : new Date(from),
        before: before === undefined ? undefined : new Date(before),
      });

/** Whether anything but a state limits it: an empty filter means every certificate. */
export const isFiltered = (filter: SentFilter): boolean =>
  Object.entries(filter).some(([name, value]) => name !== 'state' && value !== undefined);
