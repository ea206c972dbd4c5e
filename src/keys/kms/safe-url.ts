/** The address of a service that signs. */
import { ConfigError } from '../../core/errors.ts';

/** The URL. Throws ConfigError, which does not repeat it, unless it is HTTPS, or HTTP to this machine, as that of an emulator. */
export function assertSafeUrl(text: string, what: string): URL {
  const url = URL.parse(text);
  const local = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url && (url.protocol === 'https:' || local) && url.username === '' && url.password === '') return url;
  throw new ConfigError(`${what} is no URL with https and without a password`, 'Write it like `https://HOST`.');
}
