/** Texts of the page "Proposals". */

/** From the top. */
export const PROPOSALS_TEXTS = {
  title: 'Proposals',
  about:
    'What waits for a second person. Another person than the one who proposed it confirms it, within a day. It is then done in the name of both.',
  caption: 'What is proposed',
  empty: 'Nothing waits for a second person.',
  what: 'What',
  by: 'By',
  since: 'Since',
  id: 'Id',
  action: 'Action',
  confirm: 'Confirm',
  withdraw: 'Withdraw',
  of: (id: string): string => ` the proposal ${id}`,
  atServer: (id: string): string => `At the server: openndes proposals confirm ${id}`,
  confirmed: 'It was confirmed, and is done.',
  withdrawn: 'It was withdrawn.',
} as const;
