/** `backup`: whom archives are encrypted for, and how old the last one may be. */
import { z } from 'zod';
import { optional, section } from './yaml/table.ts';
import { transformed, valueType } from './yaml/value-type.ts';
import { duration, valueList } from './yaml/value-types.ts';

const recipient = valueType(
  transformed(z.string(), (text) => (/^age1[a-z0-9]{20,}$/.test(text) ? text : undefined)),
  'a public key of age, which `age-keygen -y` prints',
  'age1…',
);

/** The section. */
export const backupSection = () =>
  section(
    'What `openndes backup` makes, see [operations.md](operations.md#backup).',
    '{ recipients: [age1…], maxAge: 26h }',
    {
      recipients: optional(
        valueList(recipient, '[age1…]'),
        'Public keys that an archive is encrypted for when the command names none. Where `admin.twoPersons` is on, such an archive needs no second person.',
        'as the options of the command say',
      ),
      maxAge: optional(
        duration('26h'),
        'How old the last archive may be. Later, and where there is none, the condition `backup-old` is open.',
        'no backup is missed',
      ),
    },
  ).prefault({});
