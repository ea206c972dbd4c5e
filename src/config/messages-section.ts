/** `messages`: who is told what happens, by webhook, by mail and by syslog. */
import { MESSAGE_KINDS } from '../core/operator-message.ts';
import { ConfigError } from '../core/errors.ts';
import { assertSendable } from '../policy/webhook-sender.ts';
import { transformed, secret } from './yaml/value-type.ts';
import { choice, duration, flag, integer, text, url, valueList } from './yaml/value-types.ts';
import { certificateText, file, type FileContext } from './references.ts';
import { defaulted, mapOf, optional, required, section } from './yaml/table.ts';

/** What can be asked for; a test is sent to whoever it is meant for. */
const KINDS = MESSAGE_KINDS.filter((kind) => kind !== 'test');

const endpoints = () =>
  optional(
    valueList(text('/certsrv/mscep/mscep.dll'), '[/certsrv/mscep/mscep.dll]'),
    'The names of endpoints; what belongs to none of them is not sent.',
    'everything',
  );

const trustCa = (context: FileContext) =>
  optional(
    certificateText(context, 'certs/internal-ca.pem'),
    'CA certificates to trust in addition to the public ones.',
    'only public CAs',
  );

const timeout = () => defaulted(duration('10s'), '10s', 'How long to wait for an answer.');

const webhook = (context: FileContext) =>
  transformed(
    section('A service that is told.', '{ url: https://ops.example.com/hook, secret: "${env:HOOK_SECRET}" }', {
      url: required(
        url(['http', 'https'], 'https://ops.example.com/hook'),
        'The URL to which messages are posted; `http` only on loopback.',
      ),
      secret: required(
        secret(text('"${env:HOOK_SECRET}"')),
        'The key with which messages are signed, as those to the webhook of a policy are; at least 16 characters.',
      ),
      kinds: defaulted(valueList(choice(...KINDS), '[refused, condition-opened]'), [...KINDS], 'What is sent.'),
      endpoints: endpoints(),
      timeout: timeout(),
      trustCa: trustCa(context),
      allowHttp: defaulted(flag, false, 'Allow plain HTTP to another machine.'),
    }),
    (given) => {
      try {
        assertSendable(given);
        return given;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        throw new ConfigError(error.message.replace(/^webhook: /, ''), error.remedy);
      }
    },
  );

const mail = (context: FileContext) =>
  section('Mails by SMTP.', '{ host: smtp.example.com, from: openndes@example.com, to: [pki@example.com] }', {
    host: required(text('smtp.example.com'), 'The mail server.'),
    port: defaulted(integer(1, 65_535, 587), 587, 'Its port.'),
    tls: defaulted(
      choice('starttls', 'implicit', 'off'),
      'starttls',
      '`starttls`: no mail without TLS, which begins after the greeting. `implicit`: TLS from the beginning, as at port 465. `off`: for a server on this machine.',
    ),
    user: optional(text('openndes'), 'The user at the mail server.', 'no login'),
    password: optional(secret(text('"${file:smtp.password}"')), 'The password of that user.', 'no login'),
    from: required(text('openndes@example.com'), 'The address of the sender.'),
    to: required(valueList(text('pki@example.com'), '[pki@example.com]'), 'The addresses of the readers.'),
    kinds: defaulted(
      valueList(choice(...KINDS), '[condition-opened, condition-closed]'),
      KINDS.filter((kind) => kind !== 'issued'),
      'What is sent. There is one mail for each certificate with `issued`.',
    ),
    endpoints: endpoints(),
    timeout: timeout(),
    trustCa: trustCa(context),
  });

const syslog = (context: FileContext) =>
  section('Syslog over TLS, RFC 5424 and RFC 5425.', '{ host: siem.example.com, trustCa: certs/siem-ca.pem }', {
    host: required(text('siem.example.com'), 'The receiver.'),
    port: defaulted(integer(1, 65_535, 6514), 6514, 'Its port.'),
    trustCa: trustCa(context),
    certificate: optional(
      certificateText(context, 'certs/syslog.pem'),
      'A certificate of this client, and those above it, where the receiver asks for one.',
      'none',
    ),
    key: optional(file(context, 'certs/syslog.key.pem'), 'Its key, PEM, not encrypted.', 'none'),
    events: defaulted(
      choice('debug', 'info', 'warn', 'error', 'none'),
      'warn',
      'The lowest level of lines of the log that are sent. The history is always sent.',
    ),
    timeout: timeout(),
  });

/** The section. Nobody is told anything without it. */
export const messagesSection = (context: FileContext) =>
  section('Who is told what happens, see messages.md.', '{ mail: { host: … } }', {
    expiring: defaulted(
      valueList(duration('30d'), '[30d, 7d]'),
      ['30d', '7d'],
      'How long before its end a certificate is named that was not renewed; once for each of these.',
    ),
    refusedEvery: defaulted(duration('1h'), '1h', 'How often the refused requests are summed up in one message.'),
    webhooks: mapOf(
      'Services that are told, by name.',
      '{ ops: { url: https://ops.example.com/hook, secret: "${env:HOOK_SECRET}" } }',
      webhook(context),
    ).prefault({}),
    mail: optional(
      { schema: mail(context), type: 'a mapping of keys', example: '{ host: smtp.example.com, … }', secret: false },
      'Mails.',
      'no mails',
    ),
    syslog: optional(
      { schema: syslog(context), type: 'a mapping of keys', example: '{ host: siem.example.com, … }', secret: false },
      'The history, its signed heads and lines of the log, for a SIEM.',
      'no syslog',
    ),
  }).prefault({});
