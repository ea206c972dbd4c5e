/** A fake of the SDK of AWS Private CA, made after its documentation: it keeps what it is sent and answers with certificates of the tests. */
import type { AwsPcaSdk, IssueInput } from '../../../src/backends/aws-pca/aws-pca-sdk.ts';
import { certificatePem } from '../../../src/pkix/pem.ts';
import { DAY, NOW } from '../../kit/pki.ts';
import { certified, derOf, type Signer } from './certified.ts';

/** The ARN of its CA. */
export const CA_ARN =
  'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/5f1c29e7-7b0a-4d6e-8f00-112233445566';

/** An exception of the SDK, or of Node.js. */
export const exception = (name: string, message = 'the words of AWS', code?: string): Error =>
  Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });

const endOf = ({ Type, Value }: IssueInput['Validity'], now: Date): Date =>
  Type === 'DAYS' ? new Date(now.getTime() + Value * DAY) : new Date(Value * 1000);

type Sent = { command: string; input: Record<string, unknown> };

/** What a test sets, and what the fake keeps. */
export type FakeAwsPca = {
  sdk: AwsPcaSdk;
  settings: object[];
  sent: Sent[];
  /** Thrown by the next calls of a command, in turn; `undefined` lets one through. */
  faults: Record<string, (Error | undefined)[]>;
  /** How often GetCertificate says that the certificate is not there yet. */
  notYet: number;
  /** By token: AWS gives the same ARN for it. */
  certificates: Map<string, Uint8Array>;
  status: string;
  destroyed: boolean;
};

/** `signer`: other than the CA of the tests. */
export function fakeAwsPca(signer?: Signer): FakeAwsPca {
  const command = (name: string) =>
    class {
      readonly name = name;
      readonly input: Record<string, unknown>;
      constructor(input: object) {
        this.input = { ...input };
      }
    };

  const answers: Record<string, (input: Record<string, unknown>) => Promise<object>> = {
    async issue(input) {
      const { IdempotencyToken: token, Csr, Validity } = input as unknown as IssueInput;
      const notAfter = endOf(Validity, signer ? new Date() : NOW);
      if (!fake.certificates.has(token))
        fake.certificates.set(token, await certified(derOf(Buffer.from(Csr).toString()), { notAfter }, signer));
      return { CertificateArn: `${CA_ARN}/certificate/${token}` };
    },
    async get({ CertificateArn }) {
      if (fake.notYet-- > 0) throw exception('RequestInProgressException');
      const der = fake.certificates.get(String(CertificateArn).split('/').at(-1) ?? '');
      if (!der) throw exception('ResourceNotFoundException');
      return { Certificate: certificatePem(der), CertificateChain: '' };
    },
    revoke: async () => ({}),
    describe: async () => ({ CertificateAuthority: { Status: fake.status } }),
  };

  class Client {
    constructor(settings: object) {
      fake.settings.push(settings);
    }
    async send(order: object, { abortSignal }: { abortSignal: AbortSignal }): Promise<object> {
      abortSignal.throwIfAborted();
      const { name, input } = order as { name: string; input: Record<string, unknown> };
      fake.sent.push({ command: name, input });
      const fault = fake.faults[name]?.shift();
      if (fault) throw fault;
      return answers[name]!(input);
    }
    destroy(): void {
      fake.destroyed = true;
    }
  }

  const fake: FakeAwsPca = {
    sdk: {
      ACMPCAClient: Client,
      IssueCertificateCommand: command('issue'),
      GetCertificateCommand: command('get'),
      RevokeCertificateCommand: command('revoke'),
      DescribeCertificateAuthorityCommand: command('describe'),
    },
    settings: [],
    sent: [],
    faults: {},
    notYet: 0,
    certificates: new Map(),
    status: 'ACTIVE',
    destroyed: false,
  };
  return fake;
}
