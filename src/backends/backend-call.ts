/** One call of a CA over HTTPS. */

/** `path` is appended to the address of the CA, with its query. */
export type BackendCall = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; else `body` is sent as it is, and its type is one of `headers`. */
  json?: object;
  body?: string | Uint8Array;
  /** The media type that a reply with success must have, or one of these; `application/json` when absent. Without a body there is none. */
  accepts?: string | readonly string[];
  /** The same call twice does no more than once. Only such a call is made again when its outcome is unknown. */
  idempotent: boolean;
  /** Those of 429, 502, 503 and 504 with which this CA says that it did nothing: the call is made again, idempotent or not. */
  undone?: readonly number[];
  /** What must be in no error: tokens, keys, passwords of this call. */
  secrets?: readonly string[];
};

/** A reply of any status that is no redirect, and not one of those that are faults of every CA. */
export type BackendReply = {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  octets: Buffer;
  /** The JSON object of the reply; undefined when it is none. */
  json: object | undefined;
};
