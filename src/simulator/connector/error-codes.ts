/** The error codes of a revocation result, which clients write as a name, as digits in text, or as a number. */

const CODES = {
  None: 0,
  NonRetryableServiceException: 4000,
  DataSerializationError: 4001,
  ParameterDataInvalidError: 4002,
  CryptographyError: 4003,
  CertificateNotFoundError: 4004,
  ConflictError: 4005,
  NotSupportedError: 4006,
  PayloadTooLarge: 4007,
  RetryableServiceException: 4100,
  ServiceUnavailable: 4101,
  ServiceTooBusy: 4102,
  AuthenticationFailure: 4103,
} as const;

/** The name of a code. */
export type RevocationErrorCode = keyof typeof CODES;

/** The name of the code in any of its spellings; None when it is absent, undefined when there is no such code. */
export function revocationErrorCode(value: unknown): RevocationErrorCode | undefined {
  if (value === undefined || value === null || value === '') return 'None';
  const names = Object.keys(CODES) as RevocationErrorCode[];
  return names.find((name) => [name, CODES[name], String(CODES[name])].includes(value as string));
}

/** Whether Intune hands the request out again after this code. */
export const isRetryable = (code: RevocationErrorCode): boolean => CODES[code] >= 4100;
