/** `backup`: whom archives are encrypted for. */
import { z } from 'zod';
import { optional, section } from './yaml/table.ts';
import { transformed, valueType } from './yaml/value-type.ts';
import { valueList } from './yaml/value-types.ts';

const recipient = valueType(
  transformed(z.string(), (text) => (/^age1[a-z0-9]{20,}$/.test(text) ? text : undefined)),
  'a public key of age, which `age-keygen -y` prints',
  'age1…',
);

/** The section. */
export const backupSection = () =>
  section('What `openndes backup` makes, see [operations.md](operations.md#backup).', '{ recipients: [age1…] }', {
    recipients: optional(
      valueList(recipient, '[age1…]'),
      'Public keys that an archive is encrypted for when the command names none. Where `admin.twoPersons` is on, such an archive needs no second person.',
      'as the options of the command say',
    ),
  }).prefault({});
