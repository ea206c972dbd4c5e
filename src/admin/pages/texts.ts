/** Every text that all pages share: frame, navigation, errors. Texts of one page are in a file beside it. */

/** In the order of the page, from the top. */
export const TEXTS = {
  product: 'openndes',
  skip: 'Skip to the content',
  navigation: 'Pages',
  signedInAs: 'Signed in as',
  signOut: 'Sign out',
  signIn: 'Sign in',
  back: 'Go back',
  copy: 'Copy',
  copied: 'Copied',
  next: 'Next page',
  first: 'First page',
  empty: 'Nothing to show.',
  none: 'none',
  second: { one: 'second', many: 'seconds' },
  minute: { one: 'minute', many: 'minutes' },
  hour: { one: 'hour', many: 'hours' },
  day: { one: 'day', many: 'days' },
  year: { one: 'year', many: 'years' },
  utc: 'All times are UTC.',
  just: 'just now',
  ago: (length: string): string => `${length} ago`,
  in: (length: string): string => `in ${length}`,
} as const;

/** Pages about what went wrong: heading and what to do. */
export const ERROR_TEXTS = {
  signedOut: {
    status: 401,
    title: 'You are not signed in',
    text: 'Your session has ended. Sign in, and send the form again.',
  },
  forbidden: {
    status: 403,
    title: 'Your role does not allow this',
    text: 'Ask an administrator for a role that has this permission.',
  },
  forged: {
    status: 403,
    title: 'This form was not accepted',
    text: 'It was made for another session, or sent by a page of another site. Nothing was done. Open the page again and repeat it there.',
  },
  missing: { status: 404, title: 'There is no such page', text: 'Choose one from the navigation.' },
  unreadable: {
    status: 400,
    title: 'This request cannot be read',
    text: 'It is too large, or it is no form. Nothing was done.',
  },
  refused: { status: 400, title: 'This was not done', text: 'Nothing was changed.' },
  failed: {
    status: 503,
    title: 'This did not work now',
    text: 'The server could not read or write what it needs. The log says why. Come again in a moment.',
  },
} as const;

/** When an action waits for a second person. */
export const PROPOSED_TEXTS = {
  title: 'A second person must confirm this',
  text: 'Nothing was done yet. Another administrator confirms or refuses it.',
  id: 'Proposal',
} as const;
