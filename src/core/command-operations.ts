/** What a program that calls a CA can be asked to do; docs/command-issuer.md. */

/** `issue` is always among those of a program; each of the others is a capability that is declared. */
export const COMMAND_OPERATIONS = ['issue', 'poll', 'find', 'revoke', 'release', 'check'] as const;

/** The `operation` of an order. */
export type CommandOperation = (typeof COMMAND_OPERATIONS)[number];
