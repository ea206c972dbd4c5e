/** `kerberos` of a CA product: a login with tickets. */
import { z } from 'zod';
import { optional, section } from './yaml/table.ts';
import type { ValueType } from './yaml/value-type.ts';
import { text } from './yaml/value-types.ts';

const EXAMPLE = '{ principal: svc-openndes@EXAMPLE.COM }';

const SERVICE = {
  ...text('HTTP/ca1.example.com'),
  schema: z.string().regex(/^HTTP\/[\w-]+(\.[\w-]+)*$/),
  type: 'a name such as `HTTP/ca1.example.com`',
};

const keys = section('A login with tickets.', EXAMPLE, {
  principal: optional(
    text('svc-openndes@EXAMPLE.COM'),
    'The account whose tickets are used.',
    'that of the credential cache, and else the first one of the keytab',
  ),
  service: optional(SERVICE, 'The service principal name of the other side.', '`HTTP/` and the host of `url`'),
});

/** What the keys become. */
export type KerberosSettings = z.output<typeof keys>;

/** The value of the key. Keytab and credential cache are those of the environment, which no key can name. */
export const kerberosLogin: ValueType<typeof keys> = {
  schema: keys,
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
};
