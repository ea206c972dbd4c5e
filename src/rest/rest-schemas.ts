/** From the schemas of an action those of its operation: parameters of the path, query, body and answers. */
import { z } from 'zod';
import { type AnyAction, changes } from '../actions/action.ts';
import { PROBLEM_TYPE, PROBLEMS } from './problem.ts';

/** The part of JSON Schema that is read here. */
type ObjectSchema = { properties?: Record<string, object>; required?: string[] };

/** The method and the path of an operation, as fastify writes it. */
export type RestRoute = { method: 'GET' | 'POST' | 'DELETE'; url: string };

/** `DELETE /blocks/{name}` is `DELETE` and `/blocks/:name`. */
export function routeOf({ route }: Pick<AnyAction, 'route'>): RestRoute {
  const [method, path = ''] = route.split(' ');
  return { method: method as RestRoute['method'], url: path.replaceAll(/\{(\w+)\}/g, ':$1') };
}

/** The schemas and the description that fastify and the document of OpenAPI take. */
export function schemaOf(action: AnyAction): Record<string, unknown> {
  const input = jsonSchema(action.input, 'input');
  const inPath = [...action.route.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const rest = Object.keys(input.properties ?? {}).filter((name) => !inPath.includes(name));
  return {
    operationId: action.name,
    tags: [action.name.split('.')[0]],
    summary: action.about,
    description: `Permission: \`${action.permission}\`.`,
    ...(inPath.length > 0 && { params: some(input, inPath) }),
    ...(changes(action) ? rest.length > 0 && { body: some(input, rest) } : { querystring: some(input, rest) }),
    ...(changes(action) && { headers: IDEMPOTENCY }),
    response: answersOf(action),
  };
}

const IDEMPOTENCY = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      pattern: '^[!-~]{1,255}$',
      description: 'A key that the program chooses for one change: with the same key it is done once, for 24 hours.',
    },
  },
};

const PROBLEM = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    detail: { type: 'string' },
    remedy: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'remedy'],
};

const PROPOSED = { type: 'object', properties: { proposal: { type: 'string' } }, required: ['proposal'] };

function answersOf(action: AnyAction): Record<string, unknown> {
  return {
    200: { description: 'Done.', ...jsonSchema(action.output, 'output') },
    ...(action.needsTwo && {
      202: { description: 'Nothing was done yet: a second person confirms this proposal.', ...PROPOSED },
    }),
    default: { description: 'A problem.', content: { [PROBLEM_TYPE]: { schema: PROBLEM } } },
  };
}

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): ObjectSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-7' });
  return rest as ObjectSchema;
};

/** An object with some of the members. */
const some = ({ properties = {}, required = [] }: ObjectSchema, names: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
  required: required.filter((name) => names.includes(name)),
  additionalProperties: false,
});
