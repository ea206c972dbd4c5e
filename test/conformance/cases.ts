/** Every case that a SCEP server in place of NDES must satisfy: what is required, and who requires it. */

/** One case: the clause that requires it or the client that depends on it, and the requirement. */
export type Case = {
  witness: string;
  requires: string;
  /** What this product does where the case leaves a choice, or where it differs; and why. */
  decision?: string;
};

const row = (witness: string, requires: string, decision?: string): Case => ({
  witness,
  requires,
  ...(decision !== undefined && { decision }),
});

/** What the first letter of a case stands for. */
export const CHAPTERS = {
  H: 'HTTP',
  C: 'GetCACaps',
  A: 'GetCACert and the registration authority',
  P: 'PKIOperation: SignedData and its signer',
  E: 'PKIOperation: EnvelopedData',
  R: 'CertRep',
  Q: 'The certification request',
  N: 'Renewal',
  G: 'Pending requests, and the other message types',
  I: 'Repeats',
  S: 'Attacks',
  M: "NDES's administrator page",
  X: 'Real clients, and what they send',
} as const;

export const CASES: Readonly<Record<string, Case>> = {
  H01: row(
    'Windows and Cisco append pkiclient.exe; jscep, sscep',
    'Letter case, doubled slashes, a trailing slash and no, one or two pkiclient.exe lead to the same bytes.',
    '`/cgi-bin/pkiclient.exe`, where routers look, leads to the endpoint at the path of NDES, or to the only one.',
  ),
  H02: row('RFC 8894 4.1; sscep', 'The name of an operation is accepted in any letter case.'),
  H03: row(
    'Windows, sscep, Cisco, PAN-OS, Apple, certmonger',
    'GetCACert answers with the same bytes for every value of `message`.',
  ),
  H04: row('Cisco IOS, sscep', 'HTTP/1.0 without Host works; Content-Length is sent and the connection closed.'),
  H05: row('Cisco ISE', 'HTTP/1.1 without Host is served.'),
  H06: row(
    'RFC 8894 4.3; sscep and strongSwan send no type',
    'The Content-Type of a POST changes nothing, also when it is missing.',
  ),
  H07: row('sscep -M', 'A POST is a PKIOperation without the parameter, and with unknown ones.'),
  H08: row('RFC 8894 4.1; .NET', 'A percent-encoded message in a GET is read.'),
  H09: row('Apple', 'Raw plus and slash in the message of a GET are read.'),
  H10: row('Cisco IOS, sscep, strongSwan', 'Base64 in lines of 64 columns is read.'),
  H11: row('micromdm scepclient, old', 'The URL-safe alphabet without padding is read.'),
  H12: row('micromdm scepclient; proxies', 'A message that was encoded twice is read.'),
  H13: row('Intune challenge by GET', 'A request line of 40 KB is served.'),
  H14: row('RFC 9110 15.5.14', 'A body above the limit gets 413 and is not kept in memory.'),
  H15: row('Old embedded clients', 'A POST of base64 or PEM is read.'),
  H16: row('iOS 11', 'Octets after the message are ignored.'),
  H17: row('RFC 9110 15.5.1', 'Input that is not a message gets 400 without detail, and the server continues.'),
  H18: row(
    'NDES; administrators who open the URL',
    'A browser gets a page that says that the service is there.',
    '`landing: 403` turns browsers away instead, as administrators of Intune are told to expect.',
  ),
  H19: row('RFC 9110 15.5.1', 'An unknown operation gets 400 without detail.'),
  H20: row(
    'RFC 8894 4; Apple and sscep compare the whole value',
    'Every answer has its exact Content-Type, without charset.',
  ),
  H21: row(
    'RFC 9110 9.3.2, 9.3.7, 10.1.1; RFC 9112 7.1; HAProxy',
    'HEAD, OPTIONS, Expect and chunked bodies are served.',
  ),
  H22: row(
    'Administrators who give clients the address of the password page',
    'GetCACert and GetCACaps need no password below mscep_admin.',
  ),
  H23: row('Old clients that announce gzip', 'Nothing is compressed.'),

  C01: row(
    'RFC 8894 3.5.2; certmonger reads 1024 octets',
    'The list is keywords and line ends, nothing else, and short.',
    'SHA-384 is listed beside SHA-256 and SHA-512: strongSwan 5.9.8 reads its list shifted by one, and refuses AES without it.',
  ),
  C02: row('strongSwan', 'A client that compares only as many characters as a line has finds only what is listed.'),
  C03: row('RFC 8894 3.5.2', 'GetNextCACert is listed exactly where it is served.'),
  C04: row(
    'RFC 8894 2.9, 3.5.2',
    'Weak algorithms are listed exactly where they are switched on.',
    'Where single DES is on, SCEPStandard is not listed: it promises that there is none.',
  ),
  C05: row(
    'RFC 8894 3.5.2',
    'What is listed enrols, and what is not listed is refused.',
    'SHA-224 has no keyword, so messages signed over it are refused. Single DES has none and is accepted where it is on.',
  ),

  A01: row(
    'RFC 8894 4.2.1.2; Windows, iOS',
    'With an RA, GetCACert is a degenerate SignedData: RA, issuing CA, root; other readers find the same order.',
  ),
  A02: row(
    'RFC 8894 4.2.1.1; iOS',
    'Without an RA, GetCACert is one certificate as it is, under a type of its own.',
    'Chosen with `ra: none`, where the key of the CA decrypts. The default is an RA of its own.',
  ),
  A03: row(
    'Windows (IX509SCEPEnrollment), jscep, Apple',
    'The RA certificate is valid, comes from the issuing CA beside it, may sign and encipher keys, and is an enrolment agent.',
  ),
  A04: row('NDES; Apple, sscep', 'A split RA: the first certificate only signs, the second only enciphers.'),
  A05: row(
    'Apple; Windows compares the thumbprint of the root',
    'The root is in the answer, and every chain in it ends there.',
  ),
  A06: row('RFC 8894 4.2', 'Real clients retrieve the certificates.'),
  A07: row(
    'Windows (GetCACertChain), certmonger (GetCAChain); EJBCA for the type',
    'Both names for the chain are answered.',
  ),
  A08: row('Clients keep RA certificates', 'A message encrypted to an earlier RA certificate is still opened.'),

  P01: row('RFC 8894 3.3.1, 4.3', 'The ordinary request gets a certificate for its key.'),
  P02: row('RFC 8894 3.5.2', 'Every SHA-2, and SHA-1 where it is on; the reply uses the digest of the request.'),
  P03: row('Cisco 2800; jscep and certmonger fall back to it', 'MD5 is refused with badAlg.'),
  P04: row(
    'RFC 3370 3.2; OpenSSL, NDES, Windows',
    'rsaEncryption and named signature algorithms, with NULL and without parameters.',
  ),
  P05: row(
    'strongSwan; RFC 4056, RFC 5753',
    'RSASSA-PSS and ECDSA signers are accepted, or refused in a signed answer.',
  ),
  P06: row('RFC 5652 5.4; BouncyCastle, OpenSSL', 'Unsorted attributes verify as sent and as sorted.'),
  P07: row('RFC 5652 5.6', 'A wrong signature is badMessageCheck.'),
  P08: row('RFC 5652 5.4', 'Content that messageDigest does not bind is badMessageCheck.'),
  P09: row(
    'RFC 5652 5.3',
    'Without messageDigest, or without attributes, nothing is issued.',
    'Without attributes there is no transactionID for a reply: 400.',
  ),
  P10: row(
    'RFC 8894 3.2',
    'There is exactly one SignerInfo.',
    'None and two get 400: it is not clear whose attributes the answer should repeat.',
  ),
  P11: row(
    'RFC 5652 5.3; Windows sends others along',
    'The signer certificate is found by its identifier, at any position.',
  ),
  P12: row('RFC 5652 5.3', 'A signer named by subjectKeyIdentifier is found.'),
  P13: row(
    'Apple, Windows, ASA, sscep',
    'Of a self-signed certificate only the key matters: subject, dates, serial number and extensions are free.',
  ),
  P14: row('Windows', 'A critical authorityKeyIdentifier in the certificate of the signer is accepted.'),
  P15: row(
    'Windows signs with a key made for this message',
    'The key of the signer may differ from the requested key, unless the endpoint demands one key.',
    '`requireSignerKeyMatch` is off by default, because it refuses every Windows device.',
  ),
  P16: row('Old clients', 'messageType is read as UTF8String and INTEGER too.'),
  P17: row(
    'CVE-2026-30836',
    'A message type that is not served is refused before anything is issued.',
    'RenewalReq (17) is such a type where `renewal` is off.',
  ),
  P18: row('RFC 8894 3.2.1.1', 'A message without transactionID cannot be answered in SCEP: 400.'),
  P19: row('RFC 8894 3.2.1.1; Go clients', 'transactionID is echoed octet for octet, tag included.'),
  P20: row(
    'RFC 8894 3.2.1.5; old iOS sends 8 octets',
    'senderNonce of any usual length is echoed; without one the answer is FAILURE.',
  ),
  P21: row('certmonger', 'A senderNonce that was used before is accepted.'),
  P22: row(
    'RFC 8894 3.2.1.4 (badTime)',
    'signingTime must be within a window, which can be switched off. It may be absent.',
    'The window is 1 h into the future and 24 h into the past: devices during set-up have clocks that are hours behind, and a replayed message gets nothing new, since repeats are recognised. Both are settings.',
  ),
  P23: row('RFC 5652 5.3; Windows, OpenSSL', 'Unknown signed attributes are ignored.'),
  P24: row('RFC 8894 3.2', 'A SCEP attribute that comes twice, or with two values, is refused.'),
  P25: row('Apple', 'BER with indefinite lengths and constructed strings is read.'),
  P26: row('PKCS#7 1.5; old clients', 'Other wrappings of the envelope are read.'),

  E01: row('RFC 3370 4.2.1', 'Content keys by PKCS#1 v1.5 are read.'),
  E02: row('RFC 4055 4.1; Windows since 1809', 'RSAES-OAEP with its default parameters is read.'),
  E03: row('RFC 4055 4.1', 'RSAES-OAEP with SHA-2, also with another hash for its mask, is read.'),
  E04: row('RFC 8894 3.5.2; jscep, Cisco', 'AES-128, 192 and 256; the reply uses the cipher of the request.'),
  E05: row('RFC 8894 3.5.2', '3DES is accepted and mirrored where it is on, otherwise badAlg.'),
  E06: row(
    'Cisco; certmonger and jscep fall back to it',
    'DES is accepted and mirrored where it is on, otherwise badAlg.',
  ),
  E07: row('RFC 8894 3.2.1.4; RFC 5083', 'RC2, unknown ciphers and AuthEnvelopedData are badAlg.'),
  E08: row('micromdm encrypts to every certificate', 'Our recipient is found among several.'),
  E09: row(
    'RFC 5652 6.2.1',
    'The recipient may be named by key identifier, by an issuer written otherwise, or be an earlier RA.',
  ),
  E10: row('RFC 5652 6.1; Apple', 'encryptedContent may be primitive or constructed.'),
  E11: row('RFC 8894 3.2.1.4', 'A message to another recipient gets a signed FAILURE.'),
  E12: row(
    'Bleichenbacher 1998; Manger 2001; Vaudenay 2002',
    'Every error inside the envelope gets one and the same FAILURE.',
    'badRequest, one text and one path through the code; after a wrong padding, processing continues with a random key. A request for a key that is not supported is badAlg; only what precedes the challenge decides that.',
  ),
  E13: row(
    'RFC 5753; RFC 8894 3.1; RFC 5652 6.2.4',
    'A signer whose key cannot receive key transport is served, by key agreement or with a strong challenge as password, or cleanly refused.',
  ),

  R01: row(
    'RFC 8894 3.2.1; RFC 5652 5.3',
    'Attributes have their types, one value, DER order and a fresh senderNonce; the RA that is published signs.',
  ),
  R02: row(
    'iOS, micromdm take the first',
    'The new certificate is the first one in bytes, with the chain and without.',
  ),
  R03: row(
    'RFC 8894 3.3.2.2, 3.3.2.3, 4.3; NDES; GnuTLS, NSS and wolfSSL do not read empty content',
    'FAILURE and PENDING are HTTP 200 with one octet 0x00 as content, and other readers verify them.',
    'RFC 8894 demands no pkcsPKIEnvelope. OpenSSL and certmonger verify no absent content; cryptlib alone wants it absent, and gets it with `emptyContent: absent`.',
  ),
  R04: row('RFC 8894 3.2.1.4; Windows event log', 'FAILURE has its text and the HRESULT of NDES; no other answer has.'),
  R05: row('.NET', 'OAEP in a reply has its parameters.'),
  R06: row('RFC 5652 6.2.1; jscep', 'The recipient is named as its certificate writes issuer and serial number.'),
  R07: row('RFC 3370 3.2, 4.2.1', 'rsaEncryption has NULL parameters.'),

  Q01: row('RFC 2985 5.4.1; Windows, strongSwan', 'challengePassword is read in every string type.'),
  Q02: row(
    'Intune',
    'A challenge of 6 KB is accepted; the authoriser gets the request octet for octet and the transactionID.',
  ),
  Q03: row('NDES', 'A wrong, missing, empty, expired or used challenge is badRequest with the HRESULT of NDES.'),
  Q04: row('RFC 2986 4.2', 'Without proof of possession nothing is issued, and the challenge stays valid.'),
  Q05: row('RFC 5280 4.1.2.6', 'An empty subject makes subjectAltName critical.'),
  Q06: row(
    'RFC 4514; strongSwan, Cisco',
    'A subject is certified octet for octet; a value that some readers refuse gets another string type or is refused.',
  ),
  Q07: row(
    'RFC 5280 4.2.1.6; Jamf, Windows',
    'Alternative names of the allowed types are certified octet for octet, and refused when some readers cannot read them.',
  ),
  Q08: row(
    'RFC 5280 4.2.1.9, 4.2.1.12',
    'CA rights and purposes of the PKI itself are never granted, nor a purpose that was not requested where one was; anyExtendedKeyUsage only where the profile names it.',
  ),
  Q09: row(
    'KB5014754',
    'A requested SID extension is never copied; a name that means a SID is refused unless the policy vouches for names.',
  ),
  Q10: row(
    'NDES, strongSwan --profile',
    'A template name in a request has no effect.',
    'The endpoint and its profile determine what is issued.',
  ),
  Q11: row(
    'NDES chooses its template by key usage',
    'Requested key usages are certified as far as the profile goes.',
    'One profile of an endpoint replaces three templates: the requested usages that it allows are certified, and its own where none are requested.',
  ),
  Q12: row(
    '[MS-WCCE] 2.2.2.7; RFC 2986 4.1',
    'Extensions under the OID of Microsoft, in one or several lists, and no attributes at all, are read.',
  ),
  Q13: row(
    'CA/B BR 6.1.5',
    'RSA-1024 and weak RSA keys are refused; RSA-2048 and the NIST curves are certified, in the encoding that all readers know.',
    'RSA-1024 can be switched on for old devices.',
  ),

  N01: row('RFC 8894 3.3.1', 'A RenewalReq signed by a live certificate needs no challenge.'),
  N02: row('Windows, Apple', 'A PKCSReq signed by a live certificate is a renewal too.'),
  N03: row('sscep', 'Renewing the same key gives a new certificate.'),
  N04: row(
    'RFC 8894 2.3',
    'An expired, revoked, foreign or forged certificate, and one outside its window, renews nothing.',
    'The window is the whole validity unless the profile sets `renewBefore`. With a valid challenge the policy decides, as for any other signer.',
  ),
  N05: row('NDES', 'A renewal keeps the subject, and adds no name.'),
  N06: row('CVE-2026-30836', 'RenewalReq signed by an unknown certificate, without a challenge, is refused.'),
  N07: row('RFC 8894 3.5.2', 'Where Renewal is not listed, RenewalReq is refused.'),
  N08: row(
    'Two endpoints on one CA',
    'A certificate of another endpoint renews nothing; with a valid challenge the policy decides.',
  ),

  N09: row('Replaced CAs', 'Renewals continue when the CA of the endpoint was replaced.'),

  G01: row('RFC 8894 3.3.3, 4.4', 'PENDING until an administrator approves; then the poll gets the certificate.'),
  G02: row('micromdm, Cisco', 'The same request while it is pending is the same request.'),
  G03: row('RFC 8894 4.4', 'The poll after a rejection gets FAILURE.'),
  G04: row('RFC 8894 4.4', 'A poll for an unknown transaction, or by another key, is badCertId.'),
  G05: row('sscep, strongSwan', 'A poll may name the RA, or any other issuer.'),
  G06: row(
    'RFC 8894 3.3.4; sscep names the issuer of the CA certificate that it has',
    'GetCert returns the certificate of the requester, and reveals nothing about others.',
    'As issuer it may name the RA or any CA of GetCACert.',
  ),
  G07: row('RFC 8894 3.3.4; sscep, .NET', 'GetCRL returns the CRL and no certificates, in every form of the request.'),
  G08: row('RFC 8894 4.7; sscep', 'GetNextCACert returns the next CA, signed; or 404.'),

  I01: row('RFC 8894 5.2; lost replies', 'The same bytes twice get one certificate, and use the challenge once.'),
  I02: row(
    'Clients that make a new signer certificate',
    'The same key under another self-signed certificate is the same request.',
  ),
  I03: row(
    'Recorded envelopes',
    'The same certification request gets the same certificate, whatever key signs the message, and nothing new.',
  ),
  I04: row(
    'sscep, strongSwan: one transactionID for a key',
    'Another request under the same transactionID is a new one.',
  ),
  I05: row('Clients behind proxies with a short timeout', 'Twenty identical requests at once get one certificate.'),
  I06: row('sscep', 'A renewal that is byte-identical to its predecessor gets a new certificate.'),
  I07: row(
    'NDES CacheRequest',
    'After revocation a repeat is refused; after `retention` only a new message signed with the requested key is decided.',
  ),
  I08: row('kill -9', 'After a crash between commit and reply, the same request gets the recorded certificate.'),

  S01: row('CVE history of ASN.1 parsers', 'Hostile structures end in an error, quickly.'),
  S02: row('Large-exponent denial of service', 'Keys of absurd size are refused before they are used.'),
  S03: row(
    'VU#971035',
    'Challenges cannot be guessed, and attempts are logged.',
    'There is no lock-out: 64 random bits that are valid for an hour cannot be found by trying, and a lock-out would let an attacker block every device.',
  ),
  S04: row('Two endpoints on one server', 'The challenge of one endpoint is refused at the other.'),
  S05: row(
    'A peer issued without challenge under Intune',
    'With Intune, a request without a challenge gets no certificate.',
  ),
  S06: row('A race', 'Of many requests with one challenge, one succeeds.'),
  S07: row('OWASP logging', 'No challenge, key or plain request is in logs, history or errors.'),

  M01: row(
    'NDES; Jamf, PAN-OS',
    'Without credentials 401; with them the page.',
    'There are no roles: every user in the list may make passwords, and all other clients get 401 with the sentence of NDES about permission.',
  ),
  M02: row('NDES; PowerShell readers', 'UTF-16LE, the thumbprint in four groups, one password of 16 digits.'),
  M03: row('NDES PasswordMax, PasswordValidity', 'No more than the maximum are outstanding, and they expire.'),
  M04: row('NDES UseSinglePassword', 'One password for all requests, with the sentence of NDES for it.'),
  M05: row('Fleet, Okta, ManageEngine, SCEPwright', 'Programs that search the page find the password.'),

  X02: row('The real clients', 'Real clients enrol and renew.'),
  X04: row('Requests in the form of each client', 'Changed at random, they cause no crash and reveal nothing.'),
};

/** What no test here proves, and why; as the page says it. */
export const NOT_PROVEN: readonly { what: string; why: string }[] = [
  {
    what: 'SCEPwright (case X01)',
    why: 'Not run: a .NET program, which the machines that run these tests do not have. The faults that it injects are cases here: MD5, 3DES, a signing time 2 h ahead, replays, renewals with other subjects, GetCRL by any name.',
  },
  {
    what: '.NET as a reader of replies (cases A01, R03, R05)',
    why: 'Not run, for the same reason. OpenSSL and pkijs read them in `npm test`, the real clients in `npm run interop`; the bytes that .NET is known to need are cases here.',
  },
  {
    what: 'sscep',
    why: 'Not run; a message in its form is among the vectors.',
  },
  {
    what: 'Time (cases S01, S02, S03, E12)',
    why: 'No test here measures time, because it would fail on a busy machine. `npm run oracle` compares the times of failures, `npm run fuzz` names the slowest input, and challenges are compared by their hashes or with `timingSafeEqual`.',
  },
  {
    what: 'Windows (SCEP CSP, `certreq`), Intune itself, iPhone and macOS profiles, Jamf Pro, Cisco IOS',
    why: 'They do not run on Linux, or not without an account. Messages in their form are in the tests; a pilot with real devices is the task of their administrator.',
  },
];
