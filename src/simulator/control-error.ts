/** A wish for the simulator that cannot be followed: a fault, an expected request. The message says what is accepted. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}
