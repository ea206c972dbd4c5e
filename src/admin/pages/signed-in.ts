/** Who asks for a page. */
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../actions/action.ts';

/** A session. `formToken`: random, of this session alone; a form without it is forged. */
export type SignedIn = { caller: Caller; formToken: string };

/** The session that a request belongs to; undefined without one that is valid now. */
export type SessionOf = (request: FastifyRequest) => Promise<SignedIn | undefined>;
