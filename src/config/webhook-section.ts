/** `webhook` of a policy: the service of the administrator that decides, and how it is asked. */
import { ConfigError } from '../core/errors.ts';
import { assertSendable } from '../policy/webhook-sender.ts';
import { type ValueType, transformed, secret } from './yaml/value-type.ts';
import { choice, duration, flag, text, url } from './yaml/value-types.ts';
import { type ConfigContext, certificateText } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';

const EXAMPLE = '{ url: https://cmdb.example.com/scep, secret: "${env:WEBHOOK_SECRET}" }';

const keys = (context: ConfigContext) =>
  section('A service that decides.', EXAMPLE, {
    url: required(
      url(['http', 'https'], 'https://cmdb.example.com/scep'),
      'Where the service is asked, by POST; `http` only on loopback.',
    ),
    secret: required(
      secret(text('"${env:WEBHOOK_SECRET}"')),
      'The key of the signature by which the service knows this server; at least 16 characters.',
    ),
    stepCaId: optional(
      text('0cca5cbd-a2b2-4a3f-9d3d-4a1fd83a2e4a'),
      'For a service written for step-ca: the ID of its webhook. Requests then carry step-ca’s headers too, and `secret` is what step-ca printed.',
    ),
    timeout: defaulted(duration('10s'), '10s', 'How long the service may take for an answer.'),
    notify: defaulted(
      choice('none', 'outbox', 'strict'),
      'none',
      'Whether the service hears what was issued. `outbox`: after the device has its certificate, until it accepts. `strict`: before, and without its word nothing is delivered.',
    ),
    onUnreachable: defaulted(
      choice('pending', 'fail'),
      'pending',
      'What a device is told while the service gives no clear answer: to come back, or no.',
    ),
    trustCa: optional(
      certificateText(context, 'certs/internal-ca.pem'),
      'CA certificates to trust for this service beside the public ones.',
      'only public CAs',
    ),
    allowHttp: defaulted(
      flag,
      false,
      'Plain HTTP to another machine, where the challenge can be read on the way unless the network is protected.',
    ),
  });

/** The section, ready for `webhookPolicy`. */
export const webhook = (context: ConfigContext) => {
  const schema = transformed(keys(context), (webhook) => {
    if (webhook.timeout === 0) throw new ConfigError('no time for an answer', 'Give a `timeout`, for example `10s`.');
    try {
      assertSendable(webhook);
      return webhook;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(error.message.replace(/^webhook: /, ''), error.remedy);
    }
  });
  return { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false } satisfies ValueType<typeof schema>;
};
