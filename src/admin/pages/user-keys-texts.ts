/** Texts of the pages about keys of people. */

/** Of the list, from the top. */
export const USER_KEYS_TEXTS = {
  title: 'Keys of people',
  about:
    'Keys that this server made, or files that it imported, so that all devices of a person have the same key, such as for S/MIME. The keys themselves are not here.',
  search: 'Search',
  user: 'User',
  userHint: 'The whole user principal name',
  state: 'State',
  purpose: 'Purpose',
  any: 'any',
  endsBefore: 'Ends before',
  caption: 'Keys of people',
  empty: 'No key was found.',
  tenant: 'Tenant',
  ends: 'Ends',
  fault: 'Last fault',
  states: {
    wanted: { look: 'waiting', words: 'wanted', means: 'It is to be made.' },
    issued: {
      look: 'waiting',
      words: 'issued',
      means: 'It has a certificate, and it is not known yet whether Intune has it.',
    },
    imported: { look: 'good', words: 'imported', means: 'Intune has it for the devices of the user.' },
    failed: { look: 'bad', words: 'failed', means: 'It was not made, and is not tried again.' },
    ended: { look: 'neutral', words: 'ended', means: 'Intune does not have it any more.' },
  },
  revoked: 'revoked',
  purposes: {
    smimeEncryption: 'mail encryption',
    smimeSigning: 'mail signing',
    wifi: 'Wi-Fi',
    unassigned: 'any purpose',
  },
} as const;

/** Of the page of one key. */
export const USER_KEY_PAGE_TEXTS = {
  title: 'Key of a person',
  choose: 'Choose a key in the list.',
  list: 'To the list',
  facts: 'What it is',
  userId: 'Object id',
  origin: 'Where it is from',
  origins: { made: 'made by this server', file: 'a file that was imported' },
  wanted: 'Wanted',
  next: 'Worked on next',
  tries: 'Failed attempts in a row',
  changed: { imported: 'Imported', failed: 'Failed', ended: 'Ended' },
  certificate: 'Certificate',
  thumbprint: 'Thumbprint (SHA-1)',
  starts: 'Valid from',
  until: 'Valid until',
  revoked: 'Revoked',
  renews: 'Takes the place of',
  id: 'Id',
  escrow: 'Who can open it',
  noEscrow: 'Nothing of this key is in escrow.',
  together: (required: number): string =>
    `${required} of these recovery officers can open it together, with openndes pfx recover. Nobody can alone, and this server cannot.`,
  officer: 'Officer',
  officerKey: 'Public key (SHA-256)',
  others: 'Other keys of this user for this purpose',
  noOthers: 'There are none.',
} as const;
