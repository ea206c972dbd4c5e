/** What a mail says: plain text that a person understands, and what to do. */
import type { Message, MessageCertificate, FactsOfMessage, MessageKind } from '../core/operator-message.ts';

/** One mail. `text` ends with a line feed. */
export type MailText = { subject: string; text: string };

type Writers = {
  readonly [K in MessageKind]: (facts: FactsOfMessage[K] & { at: string }) => {
    subject: string;
    lines: readonly string[];
  };
};

const certificateLines = ({ endpoint, subject, serial, notAfter }: MessageCertificate): string[] => [
  `  ${subject || '(no subject)'}`,
  `    serial number ${serial}, valid until ${notAfter}, endpoint ${endpoint}`,
];

const WRITERS: Writers = {
  issued: ({ certificate, transactionId, at }) => ({
    subject: `certificate issued: ${certificate.subject}`,
    lines: [
      `A certificate was issued at ${at}:`,
      '',
      ...certificateLines(certificate),
      `    transaction ${transactionId}`,
    ],
  }),
  refused: ({ since, until, number, causes }) => ({
    subject: `${number} ${number === 1 ? 'request was' : 'requests were'} refused`,
    lines: [
      `From ${since} to ${until} these requests got no certificate:`,
      ...causes.flatMap((each) => ['', `  ${each.number} × ${each.code} at ${each.endpoint}`, `    ${each.remedy}`]),
      '',
      'The meaning of each code is in docs/errors.md.',
    ],
  }),
  waiting: ({ endpoint, transactionId, at }) => ({
    subject: 'a request waits for approval',
    lines: [
      `Since ${at} a request waits for the approval of a person:`,
      '',
      `  endpoint ${endpoint}, transaction ${transactionId}`,
      '',
      'What to do: approve or reject it on the page for administrators, or with `openndes certs pending`.',
    ],
  }),
  expiring: ({ days, number, certificates }) => ({
    subject: `${number} ${number === 1 ? 'certificate ends' : 'certificates end'} within ${days} days`,
    lines: [
      `These certificates end within ${days} days, and their devices have no newer one:`,
      '',
      ...certificates.flatMap(certificateLines),
      ...(number > certificates.length ? ['', `  and ${number - certificates.length} others`] : []),
      '',
      'What to do: see whether the devices are still in use and reach the server. This is said once.',
    ],
  }),
  'condition-opened': ({ severity, what, remedy, page, since }) => ({
    subject: `${severity}: ${what}`,
    lines: [
      `Since ${since}:`,
      '',
      `  ${what}`,
      '',
      `What to do: ${remedy}`,
      `See docs/${page}.`,
      '',
      'Another mail follows when it is over.',
    ],
  }),
  'condition-closed': ({ what, since, closed }) => ({
    subject: `over: ${what}`,
    lines: [`This was so from ${since} to ${closed}, and is over:`, '', `  ${what}`],
  }),
  test: ({ by, at }) => ({
    subject: 'a test',
    lines: [`${by} asked for this mail at ${at}. Mails of openndes arrive.`],
  }),
};

/** Characters of a subject line. */
const LONGEST_SUBJECT = 150;

/** No line of it can begin a new header: line feeds in names become blanks. */
export function mailText(message: Message): MailText {
  const write = WRITERS[message.kind] as (facts: Message) => { subject: string; lines: readonly string[] };
  const { subject, lines } = write(message);
  return {
    subject: oneLine(`openndes: ${subject}`).slice(0, LONGEST_SUBJECT),
    text: `${lines.map(oneLine).join('\n')}\n`,
  };
}

const oneLine = (text: string): string => text.replace(/\p{Cc}/gu, ' ');
