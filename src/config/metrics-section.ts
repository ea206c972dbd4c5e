/** `metrics`: the listener of Prometheus. */
import { defaulted, optional, section } from './yaml/table.ts';
import { integer, text } from './yaml/value-types.ts';

const DESCRIPTION =
  'A listener of its own for Prometheus: `GET /metrics`, without a login. What it shows names no device, but who can reach it sees how much is issued and what fails: let only Prometheus reach it.';

/** The section. Without it there is no such listener. */
export const metricsSection = () =>
  optional(
    {
      schema: section('Where Prometheus reaches the server.', '{ host: 0.0.0.0, port: 8082 }', {
        host: defaulted(text('127.0.0.1'), '127.0.0.1', 'The address to listen on; `0.0.0.0` is all of them.'),
        port: defaulted(integer(0, 65_535, 8082), 8082, 'The TCP port; 0 takes any that is free.'),
      }),
      type: 'a mapping of keys',
      example: '{ host: 0.0.0.0, port: 8082 }',
      secret: false,
    },
    DESCRIPTION,
    'no such listener',
  );
