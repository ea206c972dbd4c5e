/** Messages of syslog (RFC 5424), each with its length before it (RFC 5425 4.3). */

/** What one says. `facts`: its structured data under `id`; what is undefined is left out. `text`: for people. */
export type SyslogLine = {
  facility: Facility;
  severity: Severity;
  at: Date;
  host: string;
  /** The kind of message: an event of the history or of the log. */
  messageId: string;
  id: string;
  facts: Readonly<Record<string, string | number | boolean | undefined>>;
  text: string;
};

/** RFC 5424 6.2.1. */
const FACILITIES = { audit: 13, local0: 16 } as const;
const SEVERITIES = { error: 3, warn: 4, notice: 5, info: 6, debug: 7 } as const;
/** A name in the table. */
export type Facility = keyof typeof FACILITIES;
/** A name in the table. */
export type Severity = keyof typeof SEVERITIES;

/**
 * The private enterprise number that names of structured data end with (RFC 5424 7.2.2): the one that is reserved for
 * documentation, because this product has none.
 */
const ENTERPRISE = 32473;

/** Characters of a value. */
const LONGEST = 1_000;

/** One frame: the length in octets, a space, and the message in UTF-8. */
export function syslogFrame(line: SyslogLine): Buffer {
  const { facility, severity, at, host, messageId, id, facts, text } = line;
  const priority = FACILITIES[facility] * 8 + SEVERITIES[severity];
  const header = `<${priority}>1 ${at.toISOString()} ${word(host, 255)} openndes - ${word(messageId, 32)}`;
  // RFC 5424 6.4: the mark says that the text is UTF-8.
  const message = Buffer.from(`${header} ${structured(id, facts)} \uFEFF${text.replace(/\p{Cc}/gu, ' ')}`);
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** PRINTUSASCII of the header. */
const word = (text: string, longest: number): string => text.replace(/[^!-~]/g, '_').slice(0, longest) || '-';

function structured(id: string, facts: SyslogLine['facts']): string {
  const parameters = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${escaped(String(value))}"`],
  );
  return `[${id}@${ENTERPRISE}${parameters.join('')}]`;
}

/** RFC 5424 6.3.3. Cut before it is escaped, so that no backslash stands alone at the end. */
const escaped = (text: string): string =>
  text
    .slice(0, LONGEST)
    .replace(/\p{Cc}/gu, ' ')
    .replace(/["\\\]]/g, '\\$&');
