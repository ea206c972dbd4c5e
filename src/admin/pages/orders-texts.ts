/** Texts of the orders at CAs elsewhere. */

/** From the top. */
export const ORDERS_TEXTS = {
  title: 'Orders without an answer',
  about:
    'A CA elsewhere was asked for these certificates, and no answer came. Of an orphan nobody can ask what became of it: look for the certificate at the CA by its public key or the key of the order, revoke it there if there is one, and say so here.',
  state: 'State',
  states: { sent: 'the CA will be asked', orphan: 'orphan' },
  sent: 'Sent',
  endpoint: 'Endpoint',
  transaction: 'Transaction',
  known: 'What to look for at the CA',
  publicKey: 'SHA-256 of the public key',
  order: 'Key of the order',
  action: 'Action',
  done: 'I have looked',
  doneNamed: (transaction: string): string => ` for the certificate of the transaction ${transaction}`,
  closed: 'The order is closed.',
  more: 'More orders',
} as const;
