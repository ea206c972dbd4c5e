/** Base64 (RFC 4648 4) read strictly: Node skips foreign characters, a service must not. */

/** The octets, or undefined when the text is empty or not exactly what encoding them gives. */
export function fromBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64');
  return text !== '' && octets.toString('base64') === text ? octets : undefined;
}
