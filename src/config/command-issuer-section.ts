/** `command` of an issuer: a program that calls the CA. */
import { z } from 'zod';
import { COMMAND_OPERATIONS } from '../core/command-operations.ts';
import { defined } from '../core/defined.ts';
import { file, type FileContext } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice, duration, text, valueList } from './yaml/value-types.ts';

const EXAMPLE = '{ program: /usr/local/libexec/my-ca, operations: [issue, revoke] }';

const texts = (example: string) => valueType(z.record(z.string(), z.string()), 'a mapping of texts', example);

/** The value of the key: the settings of `commandBackend`, but for what this server decides. */
export const commandIssuer = (context: FileContext) => {
  const keys = section('A program that calls the CA.', EXAMPLE, {
    program: required(file(context, '/usr/local/libexec/my-ca'), 'The program. No shell starts it.'),
    arguments: defaulted(valueList(text('--quiet'), '[--quiet]'), [], 'Its arguments, as they are.'),
    environment: defaulted(
      secret(texts('{ CA_TOKEN: "${file:certs/ca-token}" }')),
      {},
      'Its environment, besides `PATH` and `LC_ALL`. Nothing else of the environment of this server reaches it.',
    ),
    parameters: defaulted(
      texts('{ template: Device }'),
      {},
      'What it gets with each order as `parameters`; no secrets.',
    ),
    ca: optional(
      text('ca1.example.com\\Example CA'),
      'What it calls the CA. Quotes, `;` and other characters with a meaning for shells are refused.',
    ),
    operations: defaulted(
      valueList(choice(...COMMAND_OPERATIONS), '[issue, poll, find, revoke, release, check]'),
      ['issue'],
      'What it can do. Without `revoke` each revocation is owed: it stays open, and is reported.',
    ),
    timeout: defaulted(duration('30s'), '30s', 'How long one call may take. Then it is killed, with what it started.'),
  });
  const schema = transformed(keys, ({ program, arguments: args, ca, ...settings }) => ({
    argv: [program, ...args],
    ...settings,
    ...defined({ ca }),
  }));
  return { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false } satisfies ValueType<typeof schema>;
};
