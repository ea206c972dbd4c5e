/** Texts of the page "Overview". */

/** From the top. */
export const OVERVIEW_TEXTS = {
  title: 'Overview',
  checked: (at: string): string => `Checked at ${at} UTC.`,
} as const;
