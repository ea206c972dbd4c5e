/** What the errors on the way to PostgreSQL are in words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresFault } from '../../src/store/postgres-faults.ts';

const PLACE = { hosts: [{ host: 'db.example.com', port: 5432 }], database: 'x', user: 'openndes' };
const failure = (code: string): Error => Object.assign(new Error(`connect ${code} 192.0.2.1:5432`), { code });
const wordsOf = (error: unknown): string => {
  const { reason, remedy } = postgresFault(PLACE, error);
  return `${reason}. ${remedy}`;
};

/** The code of Node.js → the reason and the next step. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing accepts connections there. Check host and port, and whether the database server runs and listens there.',
  EHOSTUNREACH: 'there is no way to the host. Check host and network.',
  ENETUNREACH: 'there is no way to the network of the host. Check host and network.',
  ETIMEDOUT: 'the server did not answer in time. Check host, port and firewall, and whether the database server runs.',
  ERR_SOCKET_CONNECTION_TIMEOUT:
    'the server did not answer in time. Check host, port and firewall, and whether the database server runs.',
};

for (const [code, words] of Object.entries(WORDS)) {
  test(`${code} has a reason and a next step`, () => assert.equal(wordsOf(failure(code)), words));

  test(`${code} at the last of several addresses of a host is told, and not an empty reason`, () => {
    const all = Object.assign(new AggregateError([failure('EACCES'), failure(code)]), { code: 'EACCES' });
    assert.equal(wordsOf(all), words);
    assert.equal(postgresFault(PLACE, all).code, code);
  });
}
