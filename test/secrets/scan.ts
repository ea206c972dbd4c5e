/** Looks for secrets in lines of a log. */

/** Shorter ones can be words: a password of a test is `operator`. */
const SHORTEST = 10;
/** Private keys in PEM, in base64 (PKCS#8, PKCS#1, SEC 1) or as a JWK; tokens and logins of HTTP; a JWT. */
const ANY_SECRET =
  /PRIVATE KEY-----|MI[A-Za-z0-9+/]{2,5}(?:IBAD|IBAAK|AgEAM)[A-Za-z0-9+/]{20}|MHcCAQEEI|"d\\?":\\?"[\w-]{20}|(?:Bearer|Basic) [\w+/=.-]{12}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10}/;

/** A secret as it is, in JSON, in a URL, in base64 and in hexadecimal digits. */
function formsOf(secret: string): string[] {
  const octets = Buffer.from(secret);
  const coded = [octets.toString('base64').replace(/=+$/, ''), octets.toString('base64url'), octets.toString('hex')];
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...coded];
}

/** The lines with a secret. The secret is not in what is returned: only which one of the list it is, or -1 for one by its form. */
export function linesWithSecrets(
  lines: readonly string[],
  secrets: readonly string[],
): { line: number; secret: number }[] {
  const forms = secrets.map((secret) => (secret.length < SHORTEST ? [] : formsOf(secret)));
  return lines.flatMap((text, line) => {
    const secret = forms.findIndex((each) => each.some((form) => text.includes(form)));
    return secret >= 0 || ANY_SECRET.test(text) ? [{ line, secret }] : [];
  });
}
