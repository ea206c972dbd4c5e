/** How a transaction key is divided into the part that a poll can name and the rest. */

/**
 * Hexadecimal digits of a PollKey, with which every TransactionKey begins. 128 bits: two requests of one requester that a
 * poll cannot tell apart gain him nothing, and to match the request of another takes 2^128 attempts. Approval and
 * repetition depend on the whole key.
 */
export const POLL_DIGITS = 32;
