/** `pfx.people`: for which users of which tenant keys are made, by which endpoint, and when they are renewed. */
import type { z } from 'zod';
import type { ValidParts } from './valid-parts.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import type { Finding } from './yaml/schema-problems.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { choice, duration, integer, text, valueList } from './yaml/value-types.ts';

const EXAMPLE = '{ tenant: corp, endpoint: people, purposes: [encryption, signing] }';

/** The section. Without it the commands are told each time, and the server does nothing by itself. */
const peopleSection = () =>
  section('Whose keys are made, by whom, and when they are renewed.', EXAMPLE, {
    tenant: required(text('corp'), 'The name of one of the `tenants`, whose app may read users and import files.'),
    endpoint: required(
      text('people'),
      'The `name` of an endpoint, or its path: its authority and profile issue, and the certificates are recorded under it.',
    ),
    purposes: defaulted(
      valueList(choice('encryption', 'signing'), '[encryption]'),
      ['encryption'],
      'What `pfx issue` makes keys for.',
    ),
    renewAt: defaulted(
      integer(1, 90, 20),
      20,
      'Percent of the life of a certificate: a successor is made when so much is left.',
    ),
    alarmAt: defaulted(integer(1, 90, 5), 5, 'Percent: when so much is left and there is no successor, it is told.'),
    overlap: defaulted(
      duration('7d'),
      '7d',
      'How long a key for signing stays in Intune after its successor was imported. One for encryption stays until a year after its end.',
    ),
    mostGone: defaulted(
      integer(0, 1_000_000, 20),
      20,
      'When more users than this are disabled or gone at once, none of their keys is touched: a fault of the directory looks like that.',
    ),
  });

/** The key of the section `pfx`. */
export const peopleKey = () =>
  optional(
    { schema: peopleSection(), type: 'a mapping of keys', example: EXAMPLE, secret: false },
    'Whose keys are made, and by whom: what the commands of `openndes pfx` take when they are not told.',
    'the commands are told each time',
  );

/** What it says. */
export type PeopleConfig = z.output<ReturnType<typeof peopleSection>>;

/** Tenant and endpoint must be there. */
export function unknownPeople({ people, names }: ValidParts): Finding[] {
  if (!people) return [];
  return (['tenant', 'endpoint'] as const).flatMap((key) => {
    const known = names[`${key}s`];
    if (known.includes(people[key])) return [];
    return [
      {
        path: ['pfx', 'people', key],
        at: 'value' as const,
        what: `nothing in \`${key}s\` has this name`,
        remedy: didYouMean(people[key], known),
      },
    ];
  });
}
