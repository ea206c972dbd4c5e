/** `fips`, in a process whose OpenSSL is not in FIPS mode: test/fips/ has one that is. */
import { enrolled } from './device.ts';
import type { Row } from './row.ts';
import { configured, shared, started } from './server.ts';

const servers: Readonly<Record<string, ReturnType<typeof shared>>> = {
  allow: shared({ fips: { required: false, pkcs1KeyTransport: 'allow' } }),
  refuse: shared({ fips: { required: false, pkcs1KeyTransport: 'refuse' } }),
};

async function startedWith(required: string): Promise<string> {
  const config = configured({ fips: { required: required === 'true', pkcs1KeyTransport: 'allow' } });
  return started(config).then(
    () => 'serves',
    ({ message }: Error) => message.replace(/^.*: (.*?)\..*$/s, '$1'),
  );
}

export const FIPS: readonly Row[] = [
  {
    keys: ['fips.required'],
    question: 'whether it serves',
    ask: startedWith,
    answers: { false: 'serves', true: 'OpenSSL of this process is not in FIPS mode' },
  },
  {
    keys: ['fips.pkcs1KeyTransport'],
    question: 'the answer to a message whose key was transported with RSA PKCS#1 v1.5',
    ask: async (choice) => (await enrolled((await servers[choice]!()).url('/plain'))).status,
    answers: { allow: 'issued', refuse: 'failInfo 0' },
  },
];
