/** Errors of the API as problem details (RFC 9457). */
import type { FastifyReply } from 'fastify';
import { ACTION_ERRORS } from '../actions/action-error.ts';

/** Every code with its status and what to do. The codes of actions, and what only HTTP knows. */
export const PROBLEMS = {
  ...ACTION_ERRORS,
  unauthorized: {
    status: 401,
    remedy: 'Send `Authorization: Bearer TOKEN` with a token of the configuration (docs/access.md).',
  },
  cross_site: { status: 403, remedy: 'A browser sent this for a page of another site. The API is for programs.' },
  no_such_operation: { status: 404, remedy: 'See the list of operations in docs/api.md or at /api/v1/openapi.json.' },
  method_not_allowed: { status: 405, remedy: 'Use a method of the field Allow.' },
  in_progress: {
    status: 409,
    remedy:
      'Come again in a moment. When it stays so, its server ended before it answered: read what you wanted to change.',
  },
  not_kept: { status: 409, remedy: 'It was done once. Send another Idempotency-Key to do it again.' },
  too_large: { status: 413, remedy: 'Send less than 1 MiB.' },
  unsupported_media_type: { status: 415, remedy: 'Send `Content-Type: application/json`.' },
  key_reused: { status: 422, remedy: 'Send another Idempotency-Key for another change.' },
  too_many_attempts: {
    status: 429,
    remedy: 'Too many wrong tokens or passwords from this address. Come back in a minute.',
  },
  failed: { status: 500, remedy: 'The log says why. Come again, and look at the overview page.' },
} as const;

/** The code of a problem. */
export type ProblemCode = keyof typeof PROBLEMS;

/** What is wrong: `detail` is one sentence about this request, without a secret. */
export type RestProblem = { code: ProblemCode; detail: string; remedy?: string };

const titleOf = (code: ProblemCode): string => `${code[0]?.toUpperCase()}${code.slice(1)}`.replaceAll('_', ' ');

/** The body of an answer. */
export const problemBody = ({ code, detail, remedy = PROBLEMS[code].remedy }: RestProblem): string =>
  JSON.stringify({
    type: `urn:openndes:problem:${code}`,
    title: titleOf(code),
    status: PROBLEMS[code].status,
    code,
    detail,
    remedy,
  });

/** The media type of a problem. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Answers with a problem. */
export const sendProblem = (reply: FastifyReply, problem: RestProblem): FastifyReply =>
  reply
    .code(PROBLEMS[problem.code].status)
    .header('cache-control', 'no-store')
    .header('content-type', PROBLEM_TYPE)
    .send(Buffer.from(problemBody(problem)));
