/** `command` of an issuer: a program that calls the CA. */
import { z } from 'zod';
import { COMMAND_OPERATIONS, type CommandOperation } from '../core/command-operations.ts';
import { defined } from '../core/defined.ts';
import { file, type FileContext } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice, duration, text, valueList } from './yaml/value-types.ts';

const EXAMPLE = '{ program: /usr/local/libexec/my-ca, operations: [issue, revoke] }';

const texts = (example: string) => valueType(z.record(z.string(), z.string()), 'a mapping of texts', example);

/** `operations`: what it may be declared to do, and `least`: what it does where none are declared. */
type CommandUse = { operations: readonly CommandOperation[]; least: CommandOperation; without: string };

const ISSUING: CommandUse = {
  operations: COMMAND_OPERATIONS,
  least: 'issue',
  without: ' Without `revoke` each revocation is owed: it stays open, and is reported.',
};
const REVOKING: CommandUse = { operations: ['revoke', 'release', 'check'], least: 'revoke', without: '' };

/** The value of the key: the settings of `commandBackend`, but for what this server decides. */
export const commandIssuer = (context: FileContext) => commandSection(context, ISSUING);

/** The same for a program that revokes what another CA product has issued. */
export const commandRevoker = (context: FileContext) => commandSection(context, REVOKING);

const commandSection = (context: FileContext, { operations, least, without }: CommandUse) => {
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
      valueList(choice(...operations), `[${operations.join(', ')}]`),
      [least],
      `What it can do.${without}`,
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
