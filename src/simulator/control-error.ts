/** A fault or an expected request that is not valid. The message says what is accepted. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}
