/** `pfx`: what `openndes pfx test` says of a key for a user, and whether a server starts. */
import { createPublicKey, hash } from 'node:crypto';
import { run } from '../app/installation.ts';
import { rsaKey } from '../kit/keys.ts';
import { cngBlob, connectorPem } from '../pfx/connector-forms.ts';
import { USER } from '../pfx/template-samples.ts';
import { file } from './files.ts';
import type { Row } from './row.ts';
import { configured, PLAIN, started, statusAt } from './server.ts';

const publicHalf = (name: string) => createPublicKey(rsaKey(name).privateKey);
const sha256Of = (name: string): string => hash('sha256', rsaKey(name).spki);
const keyFile = (name: string): string => file(`pfx/${name}.pem`, connectorPem(publicHalf(name)));
const user = file('pfx/jane.json', JSON.stringify(USER));

const SUBJECT = 'CN={{UserName}}';
const connector = { publicKey: keyFile('connector'), sha256: sha256Of('connector'), keyName: 'PFXKey' };
const officers = { alice: keyFile('alice'), bob: keyFile('bob'), carol: keyFile('carol') };

/** What the command prints with this section, as one object; the error when it ends with one. */
async function planned(section: object): Promise<Record<string, unknown>> {
  const { code, out, err } = await run(
    'pfx',
    'test',
    user,
    '--json',
    '--config',
    configured({ pfx: { subject: SUBJECT, ...section } }),
  );
  return code === 0 ? (JSON.parse(out) as Record<string, unknown>) : { error: err };
}
const ofConnector = async (keys: object): Promise<unknown> =>
  (await planned({ connector: { ...connector, ...keys } }))['connector'];

async function startedWith(sha256: string): Promise<string> {
  return started(configured({ pfx: { subject: SUBJECT, connector: { ...connector, sha256 } } })).then(
    () => 'serves',
    ({ message }: Error) => (message.includes('is not the pinned one') ? 'not the pinned one' : message),
  );
}

const blob = file('pfx/other.blob', cngBlob(publicHalf('other connector')));

/** The status of the page, and what comes back for the link that the command prints for Jane. */
async function fetched(links: string): Promise<unknown> {
  const config = configured({
    pfx: { subject: SUBJECT, key: 'p256', ...(links !== '' && { links }) },
    endpoints: [{ ...PLAIN, name: 'people' }],
  });
  const { origin } = await started(config);
  const page = await statusAt(`${origin}/pfx/`);
  const { code, out } = await run('pfx', 'link', user, '--endpoint', 'people', '--json', '--config', config);
  if (code !== 0) return { page, code };
  const { link } = JSON.parse(out) as { link: string };
  const [base, token = ''] = link.split('#');
  const { status, headers } = await fetch(`${origin}/pfx/`, { method: 'POST', body: new URLSearchParams({ token }) });
  return { page, base, status, type: headers.get('content-type') };
}

export const PFX: readonly Row[] = [
  {
    keys: ['pfx.subject'],
    question: 'the subject of a user',
    ask: async (subject) => (await planned({ subject }))['subject'],
    answers: {
      'CN={{GivenName}} {{SurName}},O=Contoso': 'CN=Jane Doe,O=Contoso',
      'CN={{EmailAddress}}': 'CN=jane.doe@contoso.example',
    },
  },
  {
    keys: ['pfx.altNames'],
    question: 'the names of a user',
    ask: async (name) => (await planned(name === '' ? {} : { altNames: [name] }))['names'],
    answers: {
      '': [],
      'email:{{EmailAddress}}': ['email:jane.doe@contoso.example'],
      'upn:{{UserPrincipalName}}': ['upn:jane@contoso.example'],
    },
  },
  {
    keys: ['pfx.userName'],
    question: 'the name of a user',
    ask: async (userName) => (await planned({ userName }))['subject'],
    answers: { upn: 'CN=jane@contoso.example', local: 'CN=jane' },
  },
  {
    keys: ['pfx.domainName'],
    question: 'the account name of a user',
    ask: async (domainName) => (await planned({ subject: 'CN={{onPremisesSamAccountName}}', domainName }))['subject'],
    answers: { false: 'CN=jdoe', true: 'CN=contoso.example\\\\jdoe' },
  },
  {
    keys: ['pfx.longNames'],
    question: 'whether a name of 66 characters is taken',
    ask: async (longNames) => 'subject' in (await planned({ subject: `CN=${'x'.repeat(66)}`, longNames })),
    answers: { false: false, true: true },
  },
  {
    keys: ['pfx.key'],
    question: 'the kind of key',
    ask: async (key) => (await planned({ key }))['key'],
    answers: { 'rsa-2048': 'rsa-2048', 'rsa-3072': 'rsa-3072', p256: 'p256' },
  },
  {
    keys: ['pfx.profile'],
    question: 'the form of the file',
    ask: async (profile) => (await planned({ profile }))['profile'],
    answers: { compat: 'compat', modern: 'modern' },
  },
  {
    keys: ['pfx.connector', 'pfx.connector.publicKey', 'pfx.connector.keyName', 'pfx.connector.provider'],
    question: 'the key of the connector and its names',
    ask: async (which) =>
      which === ''
        ? (await planned({}))['connector']
        : ofConnector(
            which === 'blob'
              ? { publicKey: blob, sha256: sha256Of('other connector'), keyName: 'Other', provider: 'HSM' }
              : {},
          ),
    answers: {
      '': undefined,
      pem: [`SHA-256 ${sha256Of('connector')}`, 'PFXKey', 'Microsoft Software Key Storage Provider'],
      blob: [`SHA-256 ${sha256Of('other connector')}`, 'Other', 'HSM'],
    },
  },
  {
    keys: ['pfx.connector.sha256'],
    question: 'whether a server starts with the pin of a key',
    ask: startedWith,
    answers: { [sha256Of('connector')]: 'serves', [sha256Of('other connector')]: 'not the pinned one' },
  },
  {
    keys: ['pfx.connector.padding'],
    question: 'how passwords are encrypted',
    ask: async (padding) => (await planned({ connector: { ...connector, padding } }))['padding'],
    answers: {
      oaepSha512: ['oaepSha512', 'passwords of at most 126 characters'],
      oaepSha256: ['oaepSha256', 'passwords of at most 190 characters'],
    },
  },
  {
    keys: ['pfx.links'],
    question: 'where a file is fetched',
    ask: fetched,
    answers: {
      '': { page: 404, code: 78 },
      'https://keys.example.com/': {
        page: 200,
        base: 'https://keys.example.com/pfx/',
        status: 200,
        type: 'application/x-pkcs12',
      },
    },
  },
  {
    keys: ['pfx.escrow', 'pfx.escrow.officers'],
    question: 'who opens a key in escrow',
    ask: async (which) => (await planned(which === '' ? {} : { escrow: { officers } }))['officers'],
    answers: { '': undefined, three: ['alice', 'bob', 'carol'].map((name) => `${name} (SHA-256 ${sha256Of(name)})`) },
  },
  {
    keys: ['pfx.escrow.required'],
    question: 'how many officers are required',
    ask: async (required) => (await planned({ escrow: { officers, required } }))['required'],
    answers: { 2: '2 of 3', 3: '3 of 3' },
  },
];
