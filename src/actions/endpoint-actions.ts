/** The endpoints: whether they serve, the configuration in force, and what a request would get. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { type EndpointView, endpointView, settingsSection, testedRequest } from './endpoint-view.ts';
import { found, ofServer } from './seen-places.ts';

const NAME = z.string().min(1).max(600);
/** Characters: a message with an RSA-4096 key has 16,000 in base64, and the longest request 175,000. */
const MOST_CHARACTERS = 400_000;

/** Actions on endpoints. None of them changes anything; a test opens messages with the keys of the RA, so it asks for more than to look. */
export const ENDPOINT_ACTIONS = [
  action({
    name: 'endpoints.list',
    about: 'The endpoints: whether they serve, and who decides, signs and is asked.',
    permission: 'view',
    route: 'GET /endpoints',
    input: z.object({}),
    output: z.object({ endpoints: z.array(endpointView) }),
    run: async (running) => ({ endpoints: seen(running) }),
  }),
  action({
    name: 'endpoints.read',
    about: 'The configuration of one endpoint as it is in force, with where each value comes from; secrets are masked.',
    permission: 'audit',
    route: 'GET /endpoints/{name}',
    input: z.object({ name: NAME }),
    output: z.object({ endpoint: endpointView, sections: z.array(settingsSection) }),
    run: async (running) => {
      const endpoint = named(running, running.input.name);
      return { endpoint, sections: [...ofServer(running.desk.endpoints).settings(endpoint.name)] };
    },
  }),
  action({
    name: 'endpoints.test',
    about:
      'What a certification request or a captured message would get, with each check; nothing is recorded. Intune is asked only with `askIntune`, which can use up the challenge.',
    permission: 'operate',
    route: 'POST /tests',
    // Names of a device that nothing is recorded of.
    secret: true,
    input: z.object({
      request: z.string().min(1).max(MOST_CHARACTERS),
      endpoint: NAME.optional(),
      askIntune: z.boolean().default(false),
    }),
    output: testedRequest,
    run: async (running) => {
      const { request, endpoint, askIntune } = running.input;
      const endpoints =
        endpoint === undefined ? seen(running).map(({ name }) => name) : [named(running, endpoint).name];
      const { signal } = new AbortController();
      return orInvalid(ofServer(running.desk.endpoints).test({ request, endpoints, askIntune, signal }));
    },
  }),
] as const;

const seen = ({ desk, reach }: Running<unknown>): EndpointView[] =>
  ofServer(desk.endpoints)
    .list()
    // An endpoint of two tenants belongs to who may see both: a test can ask either.
    .filter(({ places }) => reach.everywhere || places.every((place) => reach.covers(place)))
    .map(({ view }) => view);

/** By its name or its path. */
const named = (running: Running<unknown>, text: string): EndpointView =>
  found(seen(running), ({ name, path }) => name === text || path === text, 'endpoint');

/** What is no request is a fault of the input. */
async function orInvalid<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ConfigError) throw new ActionError('invalid', error.message, error.remedy);
    throw error;
  }
}
