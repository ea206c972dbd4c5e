/** docs/log.md: every line of the log, from the table of events. */
import { LOG_LINES } from '../embed/log-events.ts';

/** One line as an operator sees it; the example is of a real enrolment through Intune. */
const EXAMPLE =
  '{"level":30,"time":"2026-11-26T15:31:20.740Z","endpoint":"/certsrv/mscep/mscep.dll","method":"POST","ip":"127.0.0.1","userAgent":"node","operation":"PKIOperation","outcome":"issued","messageType":"PKCSReq","transactionId":"3B1DAF26A7A388CBD0AD0687B2B8D00A7CA99BDE","subject":"CN=laptop-002","serial":"d93678079852f8fda69ec4d72c4355ad","thumbprint":"A6DEAE34861DA480C0732B913240F74932183F73","intuneCode":"Success","clientRequestId":"c810bdf3-a7e2-4138-a6db-62bf92cdb329","ms":257,"event":"scep-request-answered","msg":"scep"}';

/** Fields that the policies of this product add to the line of a request, and when. */
const POLICY_FIELDS: Readonly<Record<string, string>> = {
  signedBy:
    'the serial number of the certificate of this server, or of an earlier CA, that signed the request and may not be renewed by it',
  earlierCa: 'with `renews` and `signedBy`: the earlier CA that made that certificate; absent when this server did',
  notRenewed: 'why it may not be renewed; the policy decided',
  renews: 'a renewal that its certificate allowed: the serial number of the renewed certificate',
  approved: 'after `openndes certs approve`: `manually`',
  intuneCode: 'Intune answered: its code ([intune.md](intune.md))',
  intuneDescription: 'Intune refused: its text',
  intuneHop: 'Intune did not answer: the call that failed',
  intuneStatus: 'Intune did not answer: the HTTP status of that call, if any',
  intuneActivityId: 'the id that Intune gave to the call, for the support of Microsoft',
  clientRequestId: 'the id that this server gave to the call, for the support of Microsoft',
  webhookReason: 'a webhook allowed: the reason in its answer',
  webhookStatus: 'a webhook gave no clear answer, or acknowledged a strict notification: the HTTP status',
  policy: '`anyOf`: the policy that allowed',
  failed: '`anyOf`: what failed in the policies before it',
};

const rows = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([field, meaning]) => `| \`${field}\` | ${meaning} |`)
    .join('\n');

const sections = (): string =>
  Object.entries(LOG_LINES)
    .map(
      ([event, { level, message, fields, remedy }]) =>
        `## ${event}\n\nLevel ${level}, \`msg\`: ${message}\n${remedy && `\n${remedy}\n`}\n| field | meaning |\n|---|---|\n${rows(fields)}\n`,
    )
    .join('\n');

/** The page. */
export const logMarkdown = (): string => `# The log

\`openndes serve\` writes one JSON object on each line, to standard error. \`log.level\` sets the lowest level that is
written. Each line is an event: its name is in \`event\` and stays the same between versions, and so do the names of its
fields. \`msg\` is text for people and may change. Embedders get the same events from \`onEvent\`.

| member of every line | meaning |
|---|---|
| \`level\` | 20 debug, 30 info, 40 warn, 50 error |
| \`time\` | ISO 8601, UTC |
| \`event\` | one of the names below |
| \`msg\` | the message below |

An error in \`err\` has \`type\` and \`message\`, with the messages of the errors that caused it. What is expected in operation
(a refusal, an unreachable service, a full disk) has no \`stack\`; other errors have one. A field without a value is absent. No line contains a challenge, a private key, a token or a passphrase. If you find one, it is a vulnerability
([SECURITY.md](../SECURITY.md)). Some events have at most ten lines a minute, and then their
number: \`path-unknown\`, \`request-line-too-long\`, and of one address and code \`scep-request-refused\` and \`scep-request-deferred\`.

One line for each answered request, an enrolment through Intune:

\`\`\`json
${EXAMPLE}
\`\`\`

${sections()}
## Fields of policies

Policies add these to \`scep-request-answered\`. A policy module adds its own with \`facts\`.

| field | meaning |
|---|---|
${rows(POLICY_FIELDS)}
`;
