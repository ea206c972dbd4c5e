/** Sends an answer: as a whole, spoiled on the way, or not at all. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceAnswer } from './service-call.ts';

type Raw = FastifyReply['raw'];
/** The TCP socket below TLS. */
export type TcpSocket = FastifyRequest['socket'];
type Reply = Extract<ServiceAnswer, { kind: 'reply' }>;
type Delivery = NonNullable<Reply['delivery']>;

/** `socket` is the TCP connection that the call came on; undefined when it is gone. */
export function deliver(answer: ServiceAnswer, reply: FastifyReply, socket: TcpSocket | undefined): FastifyReply {
  if (answer.kind === 'reply' && !answer.delivery)
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  reply.hijack();
  if (answer.kind === 'reply') spoil(answer, reply.raw);
  else ENDS[answer.kind](reply.raw, socket);
  return reply;
}

/** Octets that are no TLS record, where the client expects one. */
const NO_TLS = 'HTTP/1.1 400 Bad Request\r\n\r\n';

const ENDS: Readonly<Record<Exclude<ServiceAnswer['kind'], 'reply'>, (raw: Raw, socket?: TcpSocket) => void>> = {
  timeout: () => undefined,
  disconnect: (raw) => raw.destroy(),
  reset: (raw, socket) => (socket ? socket.resetAndDestroy() : raw.destroy()),
  tls: (raw, socket) => (socket ? socket.write(NO_TLS) : raw.destroy()),
};

function spoil({ status, headers, body, delivery }: Reply, raw: Raw): void {
  if (!delivery) return;
  const whole = Buffer.from(body);
  const length = delivery.kind === 'huge' ? Math.max(delivery.octets, whole.length) : whole.length;
  raw.writeHead(status, { ...headers, 'content-length': length });
  raw.flushHeaders();
  WRITERS[delivery.kind](raw, { whole, length, delivery });
}

type Spoiled = { whole: Buffer; length: number; delivery: Delivery };

const WRITERS: Readonly<Record<Delivery['kind'], (raw: Raw, spoiled: Spoiled) => void>> = {
  cut: (raw, { whole }) => raw.write(whole.subarray(0, whole.length / 2), () => raw.destroy()),
  drip: writeSlowly,
  huge: writeHuge,
};

function writeSlowly(raw: Raw, { whole, delivery }: Spoiled): void {
  let at = 0;
  const write = (): void => {
    if (at < whole.length) raw.write(whole.subarray(at, ++at));
    else raw.end();
  };
  const timer = setInterval(write, delivery.kind === 'drip' ? delivery.ms : 0);
  raw.once('close', () => clearInterval(timer));
}

const SPACES = Buffer.alloc(65_536, ' ');

/** The last octet, which closes the JSON, comes after the padding. */
function writeHuge(raw: Raw, { whole, length }: Spoiled): void {
  raw.write(whole.subarray(0, -1));
  let left = length - whole.length;
  const more = (): void => {
    while (left > 0 && !raw.destroyed) {
      const part = SPACES.subarray(0, Math.min(left, SPACES.length));
      left -= part.length;
      if (!raw.write(part)) return void raw.once('drain', more);
    }
    if (!raw.destroyed) raw.end(whole.subarray(-1));
  };
  more();
}
