/** docs/configuration.md, made of the table: whoever adds a key has documented it. */
import { configSchema } from './schema.ts';
import { type Entry, entries } from './yaml/table.ts';

/** The smallest file that serves, and one with most of what there is. Both can be loaded as they are. */
export const EXAMPLES = {
  smallest: `authorities:
  issuing: { certificate: certs/issuing-ca.pem, key: "file:certs/issuing-ca.key.pem" }
endpoints:
  - policy: { static: "\${env:LAB_CHALLENGE}" }
`,
  complete: `publicUrl: https://scep.example.com
listen: { host: 0.0.0.0, port: 8080, trustProxy: [10.0.0.0/8], tls: { certificate: tls.pem, key: tls.key } }
admin: { token: "\${env:OPENNDES_ADMIN_TOKEN}", users: { ndes: "\${file:ndes.hash}" } }
log: { level: info }
store: sqlite:./data/openndes.db
authorities:
  issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: "file:certs/issuing-ca.key.pem", ra: auto }
profiles:
  device:
    validity: 365d
    maxValidity: 730d
    keyUsage: [digitalSignature, keyEncipherment]
    extendedKeyUsage: [clientAuth]
    subjectAltName: [dns, upn, uri]
tenants:
  corp:
    tenant: contoso.onmicrosoft.com
    clientId: 00000000-0000-0000-0000-000000000000
    clientSecret: "\${env:INTUNE_SECRET}"
endpoints:
  - { path: /certsrv/mscep/mscep.dll, authority: issuing, profile: device, policy: { intune: corp, notify: strict } }
  - { path: /scep/lab, authority: issuing, profile: device, policy: { static: "\${env:LAB_CHALLENGE}" } }
  - path: /scep/routers
    authority: issuing
    profile: device
    policy: { oneTime: { validity: 60m, max: 5 } }
    legacy: [sha1, des3]
    signingTime: off
`,
} as const;

/** Every key there is. Examples in it are those of the page. */
export const allEntries = (): Entry[] =>
  entries(
    configSchema({
      resolve: (path) => path,
      read: (path) => path,
      names: { authorities: ['issuing'], profiles: ['device'], tenants: ['corp'] },
    }),
  );

/** The page, which docs/ has a copy of. */
export function referenceMarkdown(): string {
  const all = allEntries();
  const top = all.filter(({ path }) => path.length === 1);
  const below = (entry: Entry) => all.filter(({ path }) => path.length > 1 && path[0] === entry.path[0]);
  const single = top.filter((entry) => below(entry).length === 0);
  const sections = top.filter((entry) => below(entry).length > 0);
  return [
    INTRODUCTION,
    `## Single keys\n\n${tableOf(single)}`,
    ...sections.map((entry) => `## ${entry.path[0]}\n\n${entry.words}\n\n${tableOf(below(entry))}`),
  ]
    .join('\n\n')
    .concat('\n');
}

const tableOf = (rows: readonly Entry[]): string =>
  ['| key | what it is | default | what it does |', '|---|---|---|---|', ...rows.filter(isKey).map(line)].join('\n');

/** Names that the administrator chooses, and elements of lists, are no keys of ours. */
const isKey = ({ path }: Entry): boolean => !['*', '[]'].includes(path.at(-1)!);

const line = (row: Entry): string =>
  `| \`${nameOf(row)}\` | ${row.type}${row.secret ? '; secret' : ''} | ${defaultOf(row)} | ${row.words} |`;

/** As in an error text, with NAME for a name. */
const nameOf = ({ path }: Entry): string => path.join('.').replaceAll('*', 'NAME').replaceAll('.[]', '[]');

const defaultOf = ({ required, default: value }: Entry): string => value ?? (required ? '**required**' : '');

const INTRODUCTION = `# Configuration

One file in YAML 1.2, \`openndes.yaml\` unless \`--config\` names another. \`openndes check\` reads it, and everything it
names, and starts nothing. Whatever is wrong is said at once, each with file, line, column, key, reason and remedy; nothing
starts before it is right, and a key that does not exist is wrong:

\`\`\`text
openndes.yaml:8:13 tenants.corp.clientId: not a GUID ("abc"). Write it like \`clientId: 00000000-0000-0000-0000-000000000000\`.
\`\`\`

The smallest file that serves:

\`\`\`yaml
${EXAMPLES.smallest}\`\`\`

A larger one:

\`\`\`yaml
${EXAMPLES.complete}\`\`\`

## Values

- **Paths** are relative to the folder of the file.
- **Durations** are a whole number and \`d\`, \`h\`, \`m\` or \`s\`: \`365d\`, \`24h\`, \`60m\`, \`90s\`; or \`0\`.
- **\`\${env:NAME}\`** in any value stands for an environment variable, **\`\${file:PATH}\`** for the text of a file without
  the line break at its end. A variable that is not set and a file that cannot be read are errors. What they contain is
  never printed. For a plain \`\${\` write \`$\${\`. Between \`{\` and \`}\` such a value needs quotes.
- **Secrets** appear in no error and no log. Text of digits alone, such as a numeric challenge, needs quotes.

## What is refused, and what is only warned of

Beside keys and values that are wrong by themselves: an endpoint without a policy or with two, an \`allOf\` or \`anyOf\` without
any, an \`anyOf\` with more than one policy that wants to hear of certificates, a webhook over plain HTTP to another machine
without \`allowHttp\`, or with a secret of fewer than 16 characters, an empty static challenge,
two endpoints at one path (letter case and a slash at the end make no difference), a path of the health checks, a validity
beyond \`maxValidity\`, an administrator page without one-time passwords or without administrators, a profile that could make CAs or OCSP responders of devices, a name that is defined nowhere, and a
key that is written twice.

Warned of: a static challenge of fewer than 8 characters, an \`allOf\` in which Intune is not the last, \`requireSignerKeyMatch\` together with Intune, and single DES.`;
