/** docs/configuration.md, generated from the table of keys. */
import { z } from 'zod';
import type { Definitions } from './references.ts';
import { fullSchema } from './schema.ts';
import { type Entry, entries } from './yaml/table.ts';

/** The smallest file that works, and one with most sections. Both can be loaded as they are. */
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
  lab: { certificate: lab/issuing-ca.pem, chain: lab/chain.pem, key: "file:lab/issuing-ca.key.pem" }
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
    federated: { file: /var/run/secrets/azure/tokens/azure-identity-token }
endpoints:
  - { path: /certsrv/mscep/mscep.dll, authority: issuing, profile: device, policy: { intune: corp, notify: strict } }
  - { path: /scep/lab, authority: lab, profile: device, policy: { static: "\${env:LAB_CHALLENGE}" } }
  - path: /scep/routers
    authority: lab
    profile: device
    policy: { oneTime: { validity: 60m, max: 5 } }
    legacy: [sha1, des3]
    signingTime: off
`,
} as const;

/** A name without a value: the reference page shows no values. */
const named = <T>(name: string): Definitions<T> => ({ names: [name], values: new Map([[name, z.NEVER]]) });

/** Every key that exists, with the examples of the page. */
export const allEntries = (): Entry[] =>
  entries(
    fullSchema({
      resolve: (path) => path,
      read: (path) => path,
      authorities: named('issuing'),
      profiles: named('device'),
      tenants: named('corp'),
    }),
  );

/** The text of docs/configuration.md. */
export function referenceMarkdown(): string {
  const all = allEntries();
  const top = all.filter(({ path }) => path.length === 1);
  const below = (entry: Entry) => all.filter(({ path }) => path.length > 1 && path[0] === entry.path[0]);
  // A key that takes a plain value or a mapping is in both.
  const single = top.filter((entry) => below(entry).length === 0 || !/^a (mapping|list)/.test(entry.type));
  const sections = top.filter((entry) => below(entry).length > 0);
  return [
    INTRODUCTION,
    `## Single keys\n\n${tableOf(single)}`,
    ...sections.map((entry) => `## ${entry.path[0]}\n\n${entry.description}\n\n${tableOf(below(entry))}`),
  ]
    .join('\n\n')
    .concat('\n');
}

const tableOf = (rows: readonly Entry[]): string =>
  ['| key | what it is | default | what it does |', '|---|---|---|---|', ...rows.filter(isKey).map(line)].join('\n');

/** Whether the row is a key, and not a name that the administrator chooses or an item of a list. */
const isKey = ({ path }: Entry): boolean => !['*', '[]'].includes(path.at(-1) ?? '');

const line = (row: Entry): string =>
  `| \`${nameOf(row)}\` | ${row.type}${row.secret ? '; secret' : ''} | ${defaultOf(row)} | ${row.description} |`;

/** The key as in an error text, with NAME for a name. */
const nameOf = ({ path }: Entry): string => path.join('.').replaceAll('*', 'NAME').replaceAll('.[]', '[]');

const defaultOf = ({ required, default: value }: Entry): string => value ?? (required ? '**required**' : '');

const INTRODUCTION = `# Configuration

One file in YAML 1.2, \`openndes.yaml\` unless \`--config\` names another. \`openndes check\` reads it, and every file that it
names, and starts nothing. All problems in the text of it are reported at once, each with file, line, column, key, reason and
remedy; files are read when there are none. The server does not start while there is a problem. An unknown key is a problem too:

\`\`\`text
openndes.yaml:8:13 tenants.corp.clientId: not a GUID ("abc"). Write it like \`clientId: 00000000-0000-0000-0000-000000000000\`.
\`\`\`

The smallest file that works:

\`\`\`yaml
${EXAMPLES.smallest}\`\`\`

A larger one:

\`\`\`yaml
${EXAMPLES.complete}\`\`\`

## Values

- **Paths** are relative to the folder of the file.
- **Keys** (\`key\` of an authority or an RA) are the path of a PEM file, with or without the scheme \`file:\` before it, or the URI of a key in a token, an HSM or a KMS: see [signers.md](signers.md).
- **Durations** are a whole number and \`d\`, \`h\`, \`m\` or \`s\`: \`365d\`, \`24h\`, \`60m\`, \`90s\`; or \`0\`.
- **\`\${env:NAME}\`** in any value is replaced by an environment variable, **\`\${file:PATH}\`** by the text of a file without
  the line break at its end, and **\`\${credential:NAME}\`** by a credential of systemd (\`LoadCredential=NAME:PATH\`). A
  variable that is not set and a file that cannot be read are errors, if the command uses the value: \`certs\` and \`jobs\` use
  \`store\` alone, and \`certs pending\` also what certificates contain (authorities, profiles, endpoints without their policies). Their content is never printed. For a plain \`\${\`
  write \`$\${\`. Between \`{\` and \`}\` such a value needs quotes.
- **Text files** are UTF-8; a byte order mark is left out, and UTF-16 is an error. White space at the end of a secret belongs to
  it, and is a warning.
- **Secrets** appear in no error and no log. Text that consists of digits, such as a numeric challenge, needs quotes.

## Errors and warnings across keys

These are errors, in addition to unknown keys and wrong values:

- an endpoint without a policy or with two, and an \`allOf\` or \`anyOf\` without a policy in it
- an \`anyOf\` with more than one policy that wants notifications
- manual approval together with Intune, or with a webhook that wants notifications
- a webhook over plain HTTP to another machine without \`allowHttp\`, or with a secret of fewer than 16 characters
- an empty static challenge
- two endpoints at one path (letter case and a slash at the end make no difference) or with one name
- a key of the whole server in an entry of \`listen\` that is not the first, and two entries at one address
- a path of the health checks, the revocation lists or the administrator page
- an administrator page without one-time passwords or without users that have a hash alone
- a user with a role and without a second factor, a certificate of a user without \`admin.tls.clientCa\`, and a role that is limited to an
  endpoint, authority or tenant that is not there
- a tenant or an endpoint of \`pfx.people\` that is not there
- \`admin.oidc\` without \`admin.publicUrl\`, without a credential, or with an issuer of all tenants
- a validity beyond \`maxValidity\`, and a profile that would let a device act as a CA or as an OCSP responder
- a profile whose certificates would break a rule of RFC 5280, or that has a fixed extension with a SID or with names
- a name that is not defined, and a key that is written twice
- a private key that others may read, unless root owns it and only its group may read it
- a file that every user of the machine may change, or whose folder every user may change
- an earlier CA under \`renewal.from\` that is not a CA, or that is the present CA of the endpoint
- a certificate that has expired or is not valid yet: of a CA or above it, of an RA of your own, of \`listen.tls\`, of \`admin.tls\`
- a CA, or one above it, that excludes every purpose of a profile, allows fewer CAs below it than the chain has, or may not sign
  the revocation list of this server that a profile names under \`crl\`
- an authority with both or none of \`key\` and \`issuer\`, and with an \`issuer\` what needs the key of the CA ([backends.md](backends.md))
- a profile that asks a CA product for what it cannot do
- an RA of your own without an RSA key, without digitalSignature or keyEncipherment, or of another CA

These are warnings:

- a static challenge of fewer than 8 characters
- a static challenge, or the \`single\` of \`oneTime\`, that Windows cannot send: with other characters than letters, digits, spaces
  and \`'()+,-./:=?\`
- white space at the beginning or the end of a variable or a file that is put in
- a file with a secret that every user of the machine may read
- a certificate of these that ends in less than 90 days
- a CA that excludes one of the purposes of a profile, has nameConstraints, or lacks the subjectKeyIdentifier
- \`ra: none\` with a CA that lacks digitalSignature or keyEncipherment
- a configuration, key, module or store that belongs to a user other than root and the one that runs openndes
- an endpoint that issues from the same authority as one for Intune, without asking Intune itself and without \`profiles.NAME.names\`
- an endpoint that tells a tenant, a webhook or a module the challenge, and shares an RA of your own or \`ra: none\` with another endpoint
- an \`allOf\` in which Intune is not the last
- \`requireSignerKeyMatch\` together with Intune
- an earlier CA under \`renewal.from\` that has ended, that has no \`crl\`, or whose \`crl\` is a file without a valid list of that CA
- an OCSP responder that no certificate names, because neither \`ocsp.url\` nor a \`publicUrl\` with \`http\` says where it is
- single DES`;
