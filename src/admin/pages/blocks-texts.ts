/** Texts of the page "Block list". */

/** From the top. */
export const BLOCKS_TEXTS = {
  title: 'Block list',
  about:
    'What is on this list gets no certificate at any endpoint, whatever the policy says. What was issued stays valid.',
  empty: 'Nothing is blocked.',
  caption: 'What is blocked',
  name: 'Blocked',
  by: 'By',
  since: 'Since',
  comment: 'Why',
  action: 'Action',
  remove: 'Remove',
  removeNamed: (name: string): string => ` ${name} from the block list`,
  addTitle: 'Block something',
  nameLabel: 'What to block',
  nameHint: 'device:ID, user:UPN, subject:CN=…, key:SHA256 or serial:SERIAL',
  commentLabel: 'Why (optional)',
  add: 'Block',
  added: 'It is on the block list now.',
  removed: 'It is no longer on the block list.',
} as const;
