/** `policy` of an endpoint: who decides about a request. Exactly one; an endpoint without any would serve everybody. */
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { made, secret } from './kind.ts';
import { choice } from './kinds.ts';
import { type ConfigContext, nameIn } from './surroundings.ts';
import { optional, section } from './table.ts';

export type PolicyConfig =
  | { kind: 'intune'; tenant: string; notify: 'strict' | 'outbox'; onUnreachable: 'pending' | 'fail' }
  | { kind: 'static'; challenge: string };

const challenge = secret({
  schema: made(z.string(), (challenge) => {
    if (challenge.trim() !== '') return challenge;
    throw new ConfigError(
      'an empty challenge, so everybody would get a certificate',
      'Give a long random one, for example from `openssl rand -hex 24`.',
    );
  }),
  type: 'text',
  example: '"${env:LAB_CHALLENGE}"',
  secret: false,
});

const keys = (context: ConfigContext) =>
  section('Who decides.', '{ static: "${env:LAB_CHALLENGE}" }', {
    intune: optional(nameIn('tenants', context), 'Intune decides, by the challenge that it gave the device.'),
    notify: optional(
      choice('strict', 'outbox'),
      'With `intune`. `strict`: the device gets its certificate after Intune has heard of it. `outbox`: before, and Intune hears of it until it accepts.',
      'strict',
    ),
    onUnreachable: optional(
      choice('pending', 'fail'),
      'With `intune`. What a device is told while Intune cannot be reached: to come back, or no.',
      'pending',
    ),
    static: optional(challenge, 'One challenge for everybody who knows it.'),
  });

/** The keys that are a policy; the others belong to one of them. */
const KINDS = ['intune', 'static'] as const;

/** One policy. */
export const policySchema = (context: ConfigContext) =>
  made(keys(context), ({ intune, notify, onUnreachable, static: challenge }): PolicyConfig => {
    if ((intune === undefined) === (challenge === undefined))
      throw new ConfigError(
        intune === undefined ? 'no policy, so nothing would be checked' : 'two policies',
        `Name exactly one of ${KINDS.map((kind) => `\`${kind}\``).join(', ')}.`,
      );
    if (challenge === undefined)
      return { kind: 'intune', tenant: intune!, notify: notify ?? 'strict', onUnreachable: onUnreachable ?? 'pending' };
    if (notify === undefined && onUnreachable === undefined) return { kind: 'static', challenge };
    throw new ConfigError('`notify` and `onUnreachable` belong to `intune`', 'Remove them from this policy.');
  });
