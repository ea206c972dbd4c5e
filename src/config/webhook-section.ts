/** `webhook` of a policy: a service of the administrator that decides, and how it is called. */
import { ConfigError } from '../core/errors.ts';
import { assertSendable } from '../policy/webhook-sender.ts';
import { type ValueType, transformed, secret } from './yaml/value-type.ts';
import { choice, duration, flag, text, url } from './yaml/value-types.ts';
import { certificateText, type FileContext } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';

const EXAMPLE = '{ url: https://cmdb.example.com/scep, secret: "${env:WEBHOOK_SECRET}" }';

const keys = (context: FileContext) =>
  section('A service that decides.', EXAMPLE, {
    url: required(
      url(['http', 'https'], 'https://cmdb.example.com/scep'),
      'The URL to which requests are posted; `http` only on loopback.',
    ),
    secret: required(
      secret(text('"${env:WEBHOOK_SECRET}"')),
      'The key with which this server signs what it sends, so that the service can verify it; at least 16 characters.',
    ),
    stepCaId: optional(
      text('0cca5cbd-a2b2-4a3f-9d3d-4a1fd83a2e4a'),
      'For a service written for step-ca: the ID of its webhook. Requests then have step-ca’s headers too, and `secret` is the one that step-ca printed.',
    ),
    timeout: defaulted(duration('10s'), '10s', 'How long to wait for an answer.'),
    notify: defaulted(
      choice('none', 'outbox', 'strict'),
      'none',
      'Whether the service is notified of certificates. `outbox`: after the device has its certificate, repeated until the service acknowledges it. `strict`: before, and nothing is delivered without its acknowledgement.',
    ),
    onUnreachable: defaulted(
      choice('pending', 'fail'),
      'pending',
      'The answer to a device while the service gives no usable answer: `pending` (come back later) or `fail`.',
    ),
    trustCa: optional(
      certificateText(context, 'certs/internal-ca.pem'),
      'CA certificates to trust for this service in addition to the public ones.',
      'only public CAs',
    ),
    allowHttp: defaulted(
      flag,
      false,
      'Allow plain HTTP to another machine. The challenge can then be read in transit unless the network is protected.',
    ),
  });

/** The value of the key: the settings of `webhookPolicy`. */
export const webhook = (context: FileContext) => {
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
