/**
 * The wiring table: what a key of the configuration says arrives where it works. For each key a real server is started
 * on a real openndes.yaml and asked one question over HTTP, whose answer depends on that key. This file takes longest in its
 * room, and `node --test` starts files by name: the others run beside it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ADMIN } from './admin.table.ts';
import { AUDITING } from './audit.table.ts';
import { AUTHORITIES } from './authorities.table.ts';
import { BACKING } from './backup.table.ts';
import { CA_SERVICES } from './ca-services.table.ts';
import { ENDPOINTS } from './endpoints.table.ts';
import { KEEPING } from './keep.table.ts';
import { FIPS } from './fips.table.ts';
import { LISTENING } from './listen.table.ts';
import { MEASURING } from './metrics.table.ts';
import { MESSAGING } from './messages.table.ts';
import { OIDC } from './oidc.table.ts';
import { PEOPLE_ROWS } from './people.table.ts';
import { PFX } from './pfx.table.ts';
import { POLICIES } from './policies.table.ts';
import { PROFILE_ROWS } from './profiles.table.ts';
import type { Row } from './row.ts';
import { TENANTS } from './tenants.table.ts';
import { TRACING } from './trace.table.ts';

const ROWS: readonly Row[] = [
  ...LISTENING,
  ...FIPS,
  ...ADMIN,
  ...OIDC,
  ...MEASURING,
  ...KEEPING,
  ...BACKING,
  ...TRACING,
  ...AUDITING,
  ...MESSAGING,
  ...AUTHORITIES,
  ...CA_SERVICES,
  ...PROFILE_ROWS,
  ...TENANTS,
  ...PFX,
  ...PEOPLE_ROWS,
  ...ENDPOINTS,
  ...POLICIES,
];

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'configuration.md');

/** The first cells of its tables. Another test holds that the page is made of the keys of the schema. */
const documented = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `(?<key>[^`]+)` \|/gm)].map(
  ({ groups }) => groups!['key']!,
);

test('the wiring table has every key of the configuration, and no other', () => {
  const keys = ROWS.flatMap((row) => row.keys);
  assert.ok(documented.length > 80, `${documented.length} keys in docs/configuration.md`);
  assert.deepEqual(
    {
      'keys without a row': documented.filter((key) => !keys.includes(key)),
      'rows without a key': keys.filter((key) => !documented.includes(key)),
    },
    { 'keys without a row': [], 'rows without a key': [] },
  );
});

for (const { keys, question, ask, answers } of ROWS)
  test(`${keys.join(', ')}: ${question}`, async () => {
    const places = Object.keys(answers);
    const given = await Promise.all(places.map((place) => ask(place)));
    assert.deepEqual(Object.fromEntries(places.map((place, index) => [place, given[index]])), answers);
  });
