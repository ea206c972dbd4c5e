/** The answer to OPTIONS (RFC 9110 9.3.7), which load balancers send as a health check. */
import type { FastifyReply } from 'fastify';

/** 204 with the methods of a path. */
export const allow = (reply: FastifyReply, methods: string): FastifyReply =>
  reply.code(204).header('allow', methods).send();
