/** The SDK of AWS Private CA, which is given and never imported here, and what its exceptions mean. */
import { IssuerError, type IssuerErrorCode } from '../../core/errors.ts';
import { backendFault } from '../backend-fault.ts';

type Command<I> = new (input: I) => object;

/** An order of a certificate. */
export type IssueInput = {
  CertificateAuthorityArn: string;
  Csr: Uint8Array;
  SigningAlgorithm: string;
  TemplateArn: string;
  Validity: { Type: 'DAYS' | 'ABSOLUTE'; Value: number };
  IdempotencyToken: string;
};

/** A client of the SDK. */
export type AwsPcaClient = {
  send(command: object, options: { abortSignal: AbortSignal }): Promise<object>;
  destroy(): void;
};

/** What is used of `@aws-sdk/client-acm-pca`. */
export type AwsPcaSdk = {
  ACMPCAClient: new (settings: object) => AwsPcaClient;
  IssueCertificateCommand: Command<IssueInput>;
  GetCertificateCommand: Command<{ CertificateAuthorityArn: string; CertificateArn: string }>;
  RevokeCertificateCommand: Command<{
    CertificateAuthorityArn: string;
    CertificateSerial: string;
    RevocationReason: string;
  }>;
  DescribeCertificateAuthorityCommand: Command<{ CertificateAuthorityArn: string }>;
};

/** By the name of the exception. Others are a service that does not answer. */
const CODES: Readonly<Record<string, IssuerErrorCode>> = {
  InvalidArgsException: 'invalid',
  MalformedCSRException: 'invalid',
  ValidationException: 'invalid',
  RequestFailedException: 'rejected',
  InvalidArnException: 'misconfigured',
  ResourceNotFoundException: 'misconfigured',
  InvalidStateException: 'unavailable',
  LimitExceededException: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  ConcurrentModificationException: 'unavailable',
  RequestInProgressException: 'unavailable',
  AccessDeniedException: 'unauthorised',
  UnrecognizedClientException: 'unauthorised',
  InvalidSignatureException: 'unauthorised',
  IncompleteSignature: 'unauthorised',
  ExpiredTokenException: 'unauthorised',
  CredentialsProviderError: 'unauthorised',
};

/** Nothing was sent. */
const UNSENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * What the SDK threw, as IssuerError; the reason of the signal where that has aborted. `changes`: the call changes something, so that
 * without an answer its outcome is unknown. The text of the SDK has no credential.
 */
export function awsPcaFault(error: unknown, changes: boolean, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof IssuerError) return signal.reason ?? error;
  const { name, message, code } = error as NodeJS.ErrnoException;
  const silent = changes && !UNSENT.has(code ?? '') ? 'unknown-outcome' : 'unavailable';
  return backendFault(CODES[name] ?? silent, `AWS Private CA: ${name}: ${message}`, { cause: error });
}
