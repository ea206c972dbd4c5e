/** Sends messages as mails, by SMTP. */
import { createTransport } from 'nodemailer';
import { mailText } from './mail-text.ts';
import type { Receiver, Wanted } from './receiver.ts';

/**
 * The server and the addresses. `tls`: `starttls` begins in plain text and refuses to go on without TLS, `implicit` begins with TLS, `off`
 * is for a server on this machine. `trust`: PEM of CAs to trust. `timeout`: milliseconds for each step.
 */
export type MailOptions = Wanted & {
  host: string;
  port: number;
  tls: 'starttls' | 'implicit' | 'off';
  user?: string | undefined;
  password?: string | undefined;
  from: string;
  to: readonly string[];
  trust?: readonly string[] | undefined;
  timeout: number;
};

/** One connection for each mail: there are few. A mail counts as accepted when the server takes it for one of the addresses. */
export function mailReceiver(options: MailOptions): Receiver {
  const { host, port, tls, user, password, from, to, trust, timeout, kinds, endpoints } = options;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    // Written out, because Node.js takes its defaults from the environment.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(trust && { ca: [...trust] }) },
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: 'mail',
    kinds,
    endpoints,
    async send(message, signal) {
      signal.throwIfAborted();
      const { subject, text } = mailText(message);
      const date = new Date(message.at);
      // The id stays the same when it is sent again, so that a reader may drop the second one.
      const messageId = `<${message.messageId}.${date.getTime()}@openndes>`;
      await transport.sendMail({ from, to: [...to], subject, text, date, messageId }).catch((error: unknown) => {
        throw new Error(`${host}:${port} did not take the mail: ${safeText(error)}`, { cause: undefined });
      });
    },
  };
}

/** What the server answered may quote what was sent to it, such as the password: only codes are kept of an answer to it. */
function safeText(error: unknown): string {
  const { code, responseCode, command, message } = error as {
    code?: string;
    responseCode?: number;
    command?: string;
    message?: string;
  };
  if (command?.startsWith('AUTH') || code === 'EAUTH') return `the login was refused (${responseCode ?? code})`;
  return message ?? code ?? 'no cause was given';
}
