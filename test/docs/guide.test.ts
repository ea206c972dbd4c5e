/** What the guide of the administrator says about the configuration and about Entra is what the product and the scripts have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { read } from './read.ts';

/** The pages that are written for administrators by hand. */
const GUIDE = [
  'docs/getting-started.md',
  'docs/troubleshooting.md',
  'docs/releases.md',
  'docs/certificate-policy.md',
  'docs/app-registration.md',
  'docs/intune-profiles.md',
  'docs/ndes-migration.md',
  'docs/firewall.md',
  'docs/device-symptoms.md',
  'docs/authority.md',
];

/** Every key by its path, such as `profiles.NAME.names.dns`; `[]` is left out. docs/configuration.md is made from the schema. */
const KEYS = [...read('docs/configuration.md').matchAll(/^\| `([\w.[\]]+)` \| /gm)].map(([, key = '']) =>
  key.replaceAll('[]', ''),
);
const SECTIONS = [...read('docs/configuration.md').matchAll(/^## ([a-z]+)$/gm)].map(([, name = '']) => name);

/** The keys that running text names with their section or mapping: `renewal.from`, `endpoints[].renewal`. */
const namedKeys = (page: string): string[] =>
  [...page.matchAll(/`([a-z][A-Za-z]*(?:\[\])?(?:\.[A-Za-z]+)+)`/g)]
    .map(([, key = '']) => key.replaceAll('[]', ''))
    .filter((key) => !/\.(?:md|yaml|pem|key|crl|cer|pfx|tf|sh|ps1|csv|exe|msc|dll|com|org)$/.test(key));

const exists = (key: string): boolean => KEYS.some((known) => known === key || known.endsWith(`.${key}`));

/** The paths of the keys in a block of YAML, with NAME for names of the administrator's choice. */
function paths(value: unknown, under = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => paths(each, under));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, below]) => {
    const named = KEYS.some((key) => key.startsWith(`${under}NAME`)) ? 'NAME' : name;
    const path = `${under}${named}`;
    return [path, ...paths(below, `${path}.`)];
  });
}
const blocks = (page: string): unknown[] =>
  [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => parse(text) as unknown);

for (const page of GUIDE)
  test(`every configuration key that ${page} names or shows exists`, () => {
    const text = read(page);
    assert.deepEqual(
      namedKeys(text).filter((key) => !exists(key)),
      [],
    );
    const shown = blocks(text).flatMap((block) => paths(block));
    assert.deepEqual(
      shown.filter(
        (path) => !KEYS.includes(path) && !SECTIONS.includes(path) && !KEYS.some((key) => key.startsWith(`${path}.`)),
      ),
      [],
    );
  });

test('a key that does not exist is noticed, in text and in a block', () => {
  assert.deepEqual(namedKeys('`renewal.from`, `endpoints[].nonsense` and `openndes.yaml`'), [
    'renewal.from',
    'endpoints.nonsense',
  ]);
  assert.deepEqual([exists('renewal.from'), exists('endpoints.nonsense')], [true, false]);
  assert.deepEqual(paths(parse('tenants: { corp: { cloud: china } }\nendpoints: [{ polcy: { static: a } }]')), [
    'tenants',
    'tenants.NAME',
    'tenants.NAME.cloud',
    'endpoints',
    'endpoints.polcy',
    'endpoints.polcy.static',
  ]);
});

/** Role ids of Microsoft, by the names of docs/app-registration.md. */
const ROLES = {
  scep_challenge_provider: '39d724e8-6a34-4930-9a36-364082c35716',
  'Application.Read.All': '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
  'DeviceManagementManagedDevices.Read.All': '2f51be20-0bb4-4fed-bf7b-db946066c75e',
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214',
  'Device.Read.All': '7438b122-aefc-4978-80ed-43db9fcc7715',
};

test('docs/app-registration.md names the role ids of its permissions', () => {
  for (const [name, id] of Object.entries(ROLES))
    assert.match(read('docs/app-registration.md'), new RegExp(`\\| \`${name}\` \\| \`${id}\` \\|`));
});

for (const script of ['register.sh', 'main.tf', 'register.ps1'])
  test(`docs/entra/${script} asks for these permissions, of Intune and Graph, and for nothing else`, () => {
    const ids = read(`docs/entra/${script}`)
      .replaceAll('00000000-0000-0000-0000-000000000000', '')
      .match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g);
    assert.deepEqual(
      new Set(ids),
      new Set([
        'c161e42e-d4df-4a3d-9b42-e7a3c31f59d4',
        '00000003-0000-0000-c000-000000000000',
        ...Object.values(ROLES),
      ]),
    );
  });
