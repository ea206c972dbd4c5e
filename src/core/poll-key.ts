/** How a transaction key is divided into the part that a poll can name and the rest. */

/**
 * Hexadecimal digits of a PollKey, with which every TransactionKey begins: 128 bits. Two requests of one requester with
 * the same PollKey give that requester no advantage, and it takes 2^128 attempts to match the request of another.
 * Approval and repetition depend on the whole key.
 */
export const POLL_DIGITS = 32;
