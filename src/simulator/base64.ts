/** Strict base64 (RFC 4648 4). Node.js ignores characters outside the alphabet; a service must refuse them. */

/** The octets, or undefined when the text is empty or is not their canonical encoding. */
export function fromBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64');
  return text !== '' && octets.toString('base64') === text ? octets : undefined;
}
