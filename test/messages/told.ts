/** Who is told: a service behind a webhook, and a mail server, both in this process. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { TestContext } from 'node:test';

/** What a service got: the headers and the body, as text and as JSON. */
export type Told = { headers: IncomingHttpHeaders; body: string; json: Record<string, unknown> };

/** `status`: what it answers now. */
export async function hook(t: Pick<TestContext, 'after'>) {
  const got: Told[] = [];
  const answer = { status: 200 };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    got.push({ headers: request.headers, body, json: JSON.parse(body) as Told['json'] });
    response.writeHead(answer.status).end();
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const of = (event: string) => got.filter(({ json }) => json['event'] === event).map(({ json }) => json);
  return { got, of, answer, url };
}

/** `lines`: what clients said outside of mails. `tls`: for STARTTLS, or from the beginning with `implicit`. */
export async function mailServer(t: Pick<TestContext, 'after'>, tls?: { context: SecureContext; implicit?: true }) {
  const mails: string[] = [];
  const lines: string[] = [];
  const upgrade = (socket: Socket): void => {
    const { context } = tls ?? {};
    talk(new TLSSocket(socket, { isServer: true, ...(context && { secureContext: context }) }), true);
  };
  const talk = (socket: Socket, secure: boolean, greets = false): void => {
    socket.on('error', () => undefined);
    const say = (text: string): void => void socket.write(`${text}\r\n`);
    let mail: string[] | undefined;
    const reader = createInterface({ input: socket });
    if (greets) say('220 ready');
    reader.on('line', (line) => {
      if (mail) {
        if (line !== '.') return void mail.push(line);
        mails.push(mail.join('\n'));
        mail = undefined;
        return say('250 taken');
      }
      lines.push(line);
      if (line.startsWith('EHLO')) return say(`250-here\r\n${tls && !secure ? '250-STARTTLS\r\n' : ''}250 AUTH PLAIN`);
      if (line.startsWith('STARTTLS')) {
        say('220 go on');
        reader.close();
        return upgrade(socket);
      }
      if (line.startsWith('AUTH')) return say('235 welcome');
      if (line.startsWith('DATA')) {
        mail = [];
        return say('354 go on');
      }
      say('250 well');
    });
  };
  const server = createTcpServer((socket) => {
    if (!tls?.implicit) return talk(socket, false, true);
    const secured = new TLSSocket(socket, { isServer: true, secureContext: tls.context });
    talk(secured, true, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { mails, lines, port: (server.address() as AddressInfo).port };
}
