/** Texts of the page "Messages". */

/** From the top. */
export const MESSAGES_TEXTS = {
  title: 'Messages',
  about:
    'What webhooks and mail addresses were told, newest first. What is not accepted is sent again for three days. Who is told what stands under messages in the configuration.',
  empty: 'Nobody was told anything in the last 30 days.',
  caption: 'Messages',
  receiver: 'To',
  kind: 'Kind',
  at: 'When',
  state: 'State',
  attempts: 'Tried',
  error: 'Last error',
  action: 'Action',
  states: {
    waiting: { look: 'waiting', words: 'waits' },
    delivered: { look: 'good', words: 'delivered' },
    'given-up': { look: 'bad', words: 'given up' },
  },
  retry: 'Send now',
  retryNamed: (id: number): string => ` message ${id}`,
  retried: 'It is sent within seconds.',
  testTitle: 'Send a test',
  receiverLabel: 'To whom',
  receiverHint: 'mail, or webhook:NAME with the name in the configuration',
  test: 'Send a test',
  tested: 'The test is sent within seconds. Load this page again to see whether it was accepted.',
} as const;
