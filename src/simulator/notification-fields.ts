/** The forms of the members of both notifications. */

/** The form of a field of a notification. `description` says what `accepts` accepts, after "must be". */
export type FieldCheck = { accepts: (value: unknown) => boolean; description: string };

/** ISO 8601 with a zone, as Microsoft's libraries ask of their callers: YYYY-MM-DDThh:mm:ss.sssTZD. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/;

/** The checks of a successNotification, by member. */
export const SUCCESS_FIELDS: Readonly<Record<string, FieldCheck>> = {
  certificateThumbprint: pattern(/^[0-9A-F]{40}$/, '40 hexadecimal digits in upper case, the SHA-1 of the certificate'),
  certificateSerialNumber: pattern(/^(?!00)[0-9A-F]{1,40}$/i, 'hexadecimal digits without 0x and leading zero octets'),
  certificateExpirationDateUtc: {
    accepts: (value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)),
    description: 'a time with its zone, such as 2030-01-31T12:00:00.000Z',
  },
  issuingCertificateAuthority: pattern(/^.{1,256}$/s, 'the name of the issuer in at most 256 characters'),
};

/** The checks of a failureNotification, by member. */
export const FAILURE_FIELDS: Readonly<Record<string, FieldCheck>> = {
  hResult: {
    accepts: (value) => Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 32,
    description: 'a whole number of 32 bits',
  },
  errorDescription: pattern(/^.{1,255}$/s, 'text of at most 255 characters'),
};

function pattern(expression: RegExp, description: string): FieldCheck {
  return { accepts: (value) => typeof value === 'string' && expression.test(value), description };
}
