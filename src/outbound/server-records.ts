/** The TLS 1.2 records of a server as they are on the wire (RFC 5246): whether it asks for a client certificate. */

/** Octets that are kept: the messages before the first encrypted one are far shorter. */
const MOST = 256 * 1024;
/** RFC 5246 6.2.1 and 7.4. */
const RECORD = { changeCipherSpec: 20, handshake: 22 };
const CERTIFICATE_REQUEST = 13;

/** The octets of a connection, in order. */
export class ServerRecords {
  #octets: Buffer = Buffer.alloc(0);

  add(octets: Uint8Array): void {
    if (this.#octets.length < MOST) this.#octets = Buffer.concat([this.#octets, octets]);
  }

  /** Type and content of each whole record. */
  *[Symbol.iterator](): Generator<{ type: number; content: Buffer }> {
    for (let at = 0; at + 5 <= this.#octets.length; ) {
      const end = at + 5 + this.#octets.readUInt16BE(at + 3);
      if (end > this.#octets.length) return;
      yield { type: this.#octets.readUInt8(at), content: this.#octets.subarray(at + 5, end) };
      at = end;
    }
  }
}

/**
 * Whether it asked in the handshake, or began a second one after the request: servers do that to ask for a certificate (IIS).
 * Not seen with TLS 1.3, where these messages are encrypted.
 */
export function asksForCertificate(records: Iterable<{ type: number; content: Buffer }>): boolean {
  const all = [...records];
  const encrypted = all.findIndex(({ type }) => type === RECORD.changeCipherSpec);
  const isHandshake = ({ type }: { type: number }): boolean => type === RECORD.handshake;
  const plain = all.slice(0, encrypted === -1 ? all.length : encrypted).filter(isHandshake);
  if (messageTypes(Buffer.concat(plain.map(({ content }) => content))).includes(CERTIFICATE_REQUEST)) return true;
  // The first one after the change is the Finished of the first handshake.
  return encrypted !== -1 && all.slice(encrypted).filter(isHandshake).length > 1;
}

function messageTypes(messages: Buffer): number[] {
  const types = [];
  for (let at = 0; at + 4 <= messages.length; at += 4 + messages.readUIntBE(at + 1, 3))
    types.push(messages.readUInt8(at));
  return types;
}
