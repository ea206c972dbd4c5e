/** The log: one line for each event. docs/log.md is made from the table. */
import { started } from '../core/ask.ts';
import { defined } from '../core/defined.ts';
import type { Logger } from '../core/environment.ts';
import type { Emit, EventFacts, EventName, ServerEvent } from '../core/events.ts';
import { fewerRefusals } from './fewer-refusals.ts';
import { loggedError } from './logged-error.ts';

/** How an event is logged: level, message, what each field means, and what an administrator does about the event. */
export type LogLine<Facts> = {
  level: keyof Logger;
  message: string;
  fields: { readonly [Field in keyof Required<Facts> & string]: string };
  remedy: string;
};

const ENDPOINT = 'the endpoint';
const TRANSACTION = 'the transactionID of the request';
const CAUSE = 'the error, and the errors that caused it';
const TENANT = 'its name in `tenants`';
const WATCHED =
  'what it is, such as `authority issuing: root CA`, `authority issuing: RA`, `authority issuing: list root`, `listener: TLS certificate` or `tenant corp: client secret`';
const ADDRESS = 'the address of the client';

const SKIPPED =
  'how many such requests before it have no line, because there are at most ten a minute; absent without any';

const HTTP = {
  method: 'GET, HEAD or POST',
  ip: `${ADDRESS}; follows \`listen.trustProxy\``,
  userAgent: 'cut at 200 characters; absent when the client sends none',
};
const HTTP_ERROR = {
  ...HTTP,
  path: 'the path of the URL, cut at 200 characters',
  endpoint: 'the endpoint at this path, if there is one',
  operation: 'of a GET, as the client wrote it; absent without one',
  status: 'the HTTP status',
  code: 'the code of [errors.md](errors.md)',
  err: CAUSE,
};
const NOTIFICATION = { endpoint: ENDPOINT, transactionId: TRANSACTION };
const POSTPONED = { ...NOTIFICATION, attempts: 'how often it was tried', err: `${CAUSE}; absent without one` };

const REVOCATION = { endpoint: ENDPOINT, serial: 'the serial number of the certificate' };
const POSTPONED_REVOCATION = { ...REVOCATION, attempts: POSTPONED.attempts, err: POSTPONED.err };

/** The table. Names of events and fields are stable; messages are text for people. */
export const LOG_LINES: { readonly [Name in EventName]: LogLine<EventFacts[Name]> } = {
  'scep-request-answered': {
    level: 'info',
    message: 'scep',
    fields: {
      endpoint: ENDPOINT,
      ...HTTP,
      operation: 'as the client wrote it; `landing` for a browser',
      outcome:
        'PKIOperation: `issued`, `repeated` (the certificate of an earlier identical request), `refused`, `pending`, `found` (GetCert, GetCRL)',
      messageType: 'PKIOperation: a name of RFC 8894 3.2.1.2, or the number',
      transactionId: 'PKIOperation: the transactionID',
      subject: 'PKCSReq and RenewalReq that could be opened: RFC 4514, cut at 512 characters',
      legacy: 'the weak algorithms that the message used, if any',
      legacyUses: 'with `legacy`: how often each was used at this endpoint since the start',
      serial: 'issued, repeated, GetCert: the serial number of the certificate',
      thumbprint: 'issued, repeated: the SHA-1 of the certificate',
      reason: 'pending: `approval`, `unreachable`, `undecided`, `issuer`, `notification` or `duplicate`, then details',
      code: 'refused: the code of [errors.md](errors.md)',
      detail: 'refused: what exactly was wrong',
      err: `refused: ${CAUSE}; absent without one`,
      profile: 'issued: the profile of the certificate',
      backend: 'issued: the kind of CA that made it; `local` for this server',
      issueMs: 'issued: milliseconds that the CA took',
      issuerFault: 'refused and pending: how the CA failed, such as `unavailable`, if it did',
      ms: 'milliseconds from the request to the answer',
    },
    remedy: '',
  },
  'scep-request-refused': {
    level: 'info',
    message: 'scep request refused',
    fields: HTTP_ERROR,
    remedy: 'Look up `code` in [errors.md](errors.md).',
  },
  'scep-request-deferred': {
    level: 'warn',
    message: 'scep request deferred: the client is to come again',
    fields: HTTP_ERROR,
    remedy: 'Too many requests run or wait: look up `code` in [errors.md](errors.md).',
  },
  'scep-requests-unlogged': {
    level: 'warn',
    message: 'more requests were refused than have a line in the log',
    fields: {
      ip: `${ADDRESS}, or \`others\``,
      code: 'the code of [errors.md](errors.md)',
      number: 'how many requests have no line',
    },
    remedy: 'Of one address and code ten lines are written in a minute. Look for a client that floods the server.',
  },
  overloaded: {
    level: 'warn',
    message: 'overload: requests are refused with 503',
    fields: {
      endpoint: ENDPOINT,
      refused: 'how many requests since the line before, or the first one',
      running: 'requests of the endpoint that run, those that wait for a policy or a CA included',
      queued: 'requests of the endpoint that have not begun',
      answerMs: 'milliseconds until what computes or is queued now, at all endpoints, is done',
    },
    remedy:
      'Said once a minute until it is over. With a high `answerMs` the machine has too much to compute; with `running` at `listen.mostRunning` a policy or a CA is slow. Clients come again by themselves.',
  },
  'overload-over': {
    level: 'info',
    message: 'overload is over: no request was refused for a minute',
    fields: { endpoint: ENDPOINT },
    remedy: '',
  },
  'scep-request-failed': {
    level: 'error',
    message: 'scep request failed',
    fields: HTTP_ERROR,
    remedy: 'The store, a key or the policy failed: `err` says which.',
  },
  'path-unknown': {
    level: 'info',
    message: 'nothing is served at this path by this method',
    fields: {
      ...HTTP,
      method: 'the method of HTTP',
      path: 'the path of the URL, cut at 200 characters',
      operation: 'as the client wrote it; absent without one: then it is hardly a SCEP client',
      nearest: 'the endpoint whose path is the most similar',
      skipped: SKIPPED,
    },
    remedy: 'With `operation`: correct the URL in the client or in the proxy, `nearest` may be meant.',
  },
  'request-line-too-long': {
    level: 'warn',
    message: 'request line and headers are too long: answered with HTTP 431',
    fields: { ip: `${ADDRESS} or of its proxy`, limit: 'the most octets that are accepted', skipped: SKIPPED },
    remedy: 'A SCEP client that sends its message in the URL can send it by POST.',
  },
  'notification-acknowledged': {
    level: 'debug',
    message: 'notification acknowledged',
    fields: {
      ...NOTIFICATION,
      notification: '`success` or `failure`',
      serial: '`success`: the serial number of the certificate',
    },
    remedy: '',
  },
  'notification-postponed': {
    level: 'warn',
    message: 'notification not accepted, will be tried again',
    fields: POSTPONED,
    remedy:
      'Nothing, unless `attempts` grows. The pause doubles from 30 seconds to one hour, and after 14 days and 24 attempts it is given up. See `openndes notifications list`.',
  },
  'notification-without-endpoint': {
    level: 'warn',
    message: 'notification for an endpoint that is not configured',
    fields: POSTPONED,
    remedy: 'Configure the endpoint again under the same name.',
  },
  'notification-without-certificate': {
    level: 'warn',
    message: 'strict notification without its certificate: the store is damaged',
    fields: POSTPONED,
    remedy: 'Restore the last backup of the store.',
  },
  'notification-abandoned': {
    level: 'warn',
    message: 'strict notification not accepted: the certificate is revoked and was not delivered',
    fields: { ...NOTIFICATION, serial: 'the serial number of the certificate', err: CAUSE },
    remedy: 'See `err`. The device gets FAILURE, and a new certificate when it asks again.',
  },
  'notification-given-up': {
    level: 'error',
    message: 'notification of the outbox given up: the authorizer does not learn the result of the request',
    fields: {
      ...POSTPONED,
      notification: '`success` or `failure`',
      serial: '`success`: the serial number of the certificate, which stays valid',
      why: '`answered finally`: the authorizer refused it; `14 days old`: it was not accepted in that time and 24 attempts',
    },
    remedy:
      'See `err`. The certificate stays valid and is not listed by Intune: look at the device, and revoke the certificate with `openndes certs revoke` if it should have none.',
  },
  'enrollment-recovered': {
    level: 'warn',
    message: 'finished what an earlier run left behind',
    fields: {
      ...NOTIFICATION,
      serial: 'the serial number of the certificate; empty where there is none',
      outcome: '`issued`: the certificate may be delivered; `refused`: it is revoked, or a CA elsewhere has refused it',
    },
    remedy:
      'Nothing. The server had ended between recording a certificate and delivering it, or the CA of another product was asked about an order whose device did not come again.',
  },
  'certificates-revoked': {
    level: 'info',
    message: 'an operator revoked certificates',
    fields: {
      source: '`page` or `api`; the command line is another process, and only the history has what it revoked',
      reason: 'a reason of RFC 5280 5.3.1',
      number: 'how many',
    },
    remedy: 'Nothing. The history says who, when and why: the page Audit, or `openndes certs show SERIAL`.',
  },
  'certificate-refused': {
    level: 'error',
    message: 'the CA made a certificate that does not fit the request: it is not delivered',
    fields: {
      ...REVOCATION,
      transactionId: TRANSACTION,
      revoked: '`true`: the CA is told to revoke it; `false`: an administrator must look at it',
      err: CAUSE,
    },
    remedy:
      'Correct the CA or the issuer that asks it: `err` says what does not fit. Only with an issuer of your own. With `revoked: false` there is no `revoker`, or the certificate may belong to another request: look for its serial number at the CA, and revoke it there if it was made for this one.',
  },
  'revocation-taken': {
    level: 'info',
    message: 'the CA took the revocation',
    fields: REVOCATION,
    remedy: '',
  },
  'revocation-postponed': {
    level: 'warn',
    message: 'the CA did not take the revocation, and will be told again',
    fields: POSTPONED_REVOCATION,
    remedy:
      'Nothing, unless `attempts` grows: then revoke the certificate at the CA. The pause doubles from 30 seconds to one hour. Only with an issuer of your own that has a `revoker`.',
  },
  'revocation-without-endpoint': {
    level: 'warn',
    message: 'revocation for an endpoint that is not configured',
    fields: POSTPONED_REVOCATION,
    remedy:
      'Nothing, if this server makes the revocation list of the CA. Otherwise configure the endpoint again under the same name, or revoke the certificate at its CA.',
  },
  'revocation-not-taken': {
    level: 'error',
    message: 'the CA did not take the revocation: revoke this certificate there',
    fields: { ...REVOCATION, err: CAUSE },
    remedy:
      'Revoke the certificate at the CA. It was not delivered, and neither the store nor the CA could take the revocation.',
  },
  'release-not-taken': {
    level: 'error',
    message: 'the CA takes back no hold: release this certificate there',
    fields: REVOCATION,
    remedy: 'Release the certificate at the CA: here its hold is over, and there it is on the revocation list still.',
  },
  'job-failed': {
    level: 'error',
    message: 'a background job failed and will be retried; no data was lost',
    fields: {
      job: 'the name of the job, as in `openndes jobs`: `notifications`, `revocations`, `orders`, `clean-up`, `watch`, `tenants`, `old-records`, `old-attempts`, `command-revocations`, `links`, `intune-revocations`, `messages`, `syslog`, or `directory` and the name of a tenant',
      err: CAUSE,
    },
    remedy:
      '`notifications` and `revocations` run again after five seconds, `directory` after a quarter of an hour, the others after a minute. Look at the disk when it stays.',
  },
  'attempts-lost': {
    level: 'warn',
    message: 'attempts of devices are missing in the trace',
    fields: { number: 'how many, since the line before', err: `${CAUSE}; absent where more came than can be written` },
    remedy: 'Look at the store. The requests were answered; only their rows are missing. Said once a minute.',
  },
  'subscriber-failed': {
    level: 'error',
    message: 'a subscriber of events failed; the request was not affected',
    fields: { failed: 'the event that it was called with', err: CAUSE },
    remedy: 'Correct the function that is passed as `onEvent`.',
  },
  'revocation-list-failed': {
    level: 'error',
    message: 'a revocation list could not be made',
    fields: { path: 'the path of the URL', err: CAUSE },
    remedy:
      'Look at the store and at the key of the CA. A list from before is served while it is valid; without one the URL answers 503.',
  },
  'key-fetched': {
    level: 'info',
    message: 'a file with the key of a person was fetched by its link',
    fields: { ...HTTP, endpoint: ENDPOINT, transactionId: 'the transactionID under which its certificate is recorded' },
    remedy: '',
  },
  'key-link-refused': {
    level: 'info',
    message: 'a file with the key of a person was asked for in vain',
    fields: {
      ...HTTP,
      reason:
        '`unknown`: no file waits under this token, because it was fetched, its time is over, or there never was one; `too-many`: too many came with wrong tokens within a minute, and nobody looked',
      skipped: SKIPPED,
    },
    remedy:
      'When a person says that the link does not work, look into the history for `key-fetched`, and make another one.',
  },
  'key-link-failed': {
    level: 'error',
    message: 'a file with the key of a person could not be given out',
    fields: { ...HTTP, err: CAUSE },
    remedy: 'Look at the store. When the history has `key-fetched` for it, make another link.',
  },
  'ocsp-failed': {
    level: 'error',
    message: 'an OCSP request could not be answered',
    fields: { path: 'the path of the URL, cut at 200 characters', err: CAUSE, skipped: SKIPPED },
    remedy:
      'Look at the store, and do what `err` says. The verifier was told internalError; most of them ask again later.',
  },
  'ocsp-answered': {
    level: 'debug',
    message: 'OCSP request answered',
    fields: {
      authority: 'its name in `authorities`',
      status:
        '`good`, `revoked` or `unknown`, of several certificates the worst; or why there is no signed answer, such as `tryLater`',
    },
    remedy: '',
  },
  'ocsp-signer-made': {
    level: 'info',
    message: 'made a certificate that signs OCSP responses',
    fields: {
      subject: 'its subject, RFC 4514',
      thumbprint: 'the SHA-1 of the certificate',
      ends: 'when it ends',
      replaced: '`true` when there was one before',
    },
    remedy: '',
  },
  'ocsp-signer-not-made': {
    level: 'error',
    message: 'a certificate that signs OCSP responses could not be made',
    fields: { authority: 'its name in `authorities`', err: CAUSE },
    remedy:
      'Do what `err` says; most often the key of the CA does not answer. The present one signs until its end, and then verifiers are told tryLater. It is tried every minute; said once a day.',
  },
  'ocsp-signer-not-kept': {
    level: 'warn',
    message: 'the certificate that signs OCSP responses could not be stored',
    fields: { authority: 'its name in `authorities`', err: CAUSE },
    remedy:
      'Do what `err` says. This process signs with it all the same, and the next start makes another one, for which it needs the key of the CA.',
  },
  'earlier-ca-list-failed': {
    level: 'warn',
    message: 'the revocation list of an earlier CA could not be read',
    fields: { earlierCa: 'the subject of the CA', list: 'the path or the URL of the list', err: CAUSE },
    remedy:
      'See `err`. The list that was read before is used until its nextUpdate. Without a valid one the certificates of this CA renew nothing, and the policy decides. It is tried again after 30 seconds, when one of them signs a request.',
  },
  'key-failed': {
    level: 'error',
    message: 'a key of an authority that lives elsewhere does not work: devices get PENDING and come again',
    fields: { authority: 'its name in `authorities`', reason: 'why its last call failed, and since when' },
    remedy:
      'Do what `reason` says: look at the token, the HSM or the service, and at the network. The key is tried again every 10 seconds; `key-works` ends it. docs/signers.md has more.',
  },
  'key-works': {
    level: 'info',
    message: 'the keys of an authority work again',
    fields: { authority: 'its name in `authorities`' },
    remedy: '',
  },
  'issuer-failed': {
    level: 'error',
    message: 'the CA product of an authority cannot be used: devices get PENDING and come again',
    fields: { authority: 'its name in `authorities`', reason: 'what the CA or the way to it says' },
    remedy:
      'Do what `reason` says: look at the CA, at our credentials there, and at the network. The CA is asked again every minute; `issuer-works` ends it. docs/backends.md has more.',
  },
  'issuer-works': {
    level: 'info',
    message: 'the CA product of an authority can be used again',
    fields: { authority: 'its name in `authorities`' },
    remedy: '',
  },
  'issuer-warns': {
    level: 'warn',
    message: 'the CA product of an authority can be used, and something there should be changed',
    fields: {
      authority: 'its name in `authorities`',
      warnings: 'what the CA or the way to it says, one sentence each',
    },
    remedy:
      'Do what `warnings` say. The CA is asked again every minute; the line comes again when they change, and `issuer-warns-no-more` ends it.',
  },
  'issuer-warns-no-more': {
    level: 'info',
    message: 'the CA product of an authority gives no warnings any more',
    fields: { authority: 'its name in `authorities`' },
    remedy: '',
  },
  'not-ready': {
    level: 'error',
    message: 'not ready',
    fields: {
      probe: 'what was checked: `store`, `endpoints` (no endpoint can serve), `jobs`, or a probe of an embedder',
      err: CAUSE,
    },
    remedy: '`/readyz` answers 503; `err` says why.',
  },
  'rejection-unhandled': {
    level: 'error',
    message: 'a promise was rejected and nothing handled it; the server goes on',
    fields: { err: CAUSE },
    remedy:
      'Correct the code that `err` names: most often a policy module or an issuer that does not await its own work.',
  },
  'exception-uncaught': {
    level: 'error',
    message: 'an exception was not caught: the server finishes its running requests and ends',
    fields: { err: CAUSE },
    remedy:
      'The state of the process is unknown, so it ends with exit code 1 after at most 20 seconds; the service manager starts it again. Correct the code that `err` names.',
  },
  'thread-ended': {
    level: 'error',
    message: 'a thread ended by itself: its requests got 503, and it is started again',
    fields: { err: CAUSE },
    remedy:
      'Devices come again. Correct what `err` names; out of memory (`ERR_WORKER_OUT_OF_MEMORY`): give the machine more, or set `listen.workers` lower.',
  },
  'configuration-warning': {
    level: 'warn',
    message: 'configuration warning',
    fields: { warning: 'the text; `openndes check` prints it too' },
    remedy: 'Do what the text says.',
  },
  'server-started': {
    level: 'info',
    message: 'started',
    fields: {
      version: 'of openndes',
      listeners: 'addresses and ports: of the devices first, then of the administrators',
    },
    remedy: '',
  },
  'configuration-reloaded': {
    level: 'info',
    message: 'loaded the configuration again',
    fields: { endpoints: 'how many there are now' },
    remedy: '',
  },
  'configuration-not-reloaded': {
    level: 'error',
    message: 'the configuration could not be loaded again; the one of before stays',
    fields: { err: CAUSE },
    remedy: 'Correct what `err` says, run `openndes check`, and send SIGHUP again.',
  },
  'server-stopping': {
    level: 'info',
    message: 'stopping: no new requests after the drain, and running ones are finished',
    fields: { version: 'of openndes', drain: 'milliseconds in which new requests are still answered' },
    remedy: '',
  },
  'server-stopped': { level: 'info', message: 'stopped', fields: { version: 'of openndes' }, remedy: '' },
  'certificate-ends': {
    level: 'warn',
    message: 'a certificate, revocation list or client secret ends soon',
    fields: {
      what: WATCHED,
      subject: 'its subject, RFC 4514; of a client secret, its name in the portal',
      ends: 'when it ends',
      days: 'whole days that are left',
    },
    remedy:
      'Renew it and reload the server. Said at each start and then once a day, from 90 days before the end; an automatic RA is renewed 30 days before its own and is named here when that failed. The credential of a tenant is replaced as docs/intune.md says.',
  },
  'certificate-not-in-force': {
    level: 'error',
    message: 'a certificate, revocation list or client secret is not in force',
    fields: {
      what: WATCHED,
      subject: 'its subject, RFC 4514; of a client secret, its name in the portal',
      standing: '`ended` or `not yet valid`',
      begins: 'when it begins, if that is known',
      ends: 'when it ends',
    },
    remedy:
      'Renew it, or correct the clock of this machine. Endpoints with this CA or RA cannot serve: they are `failed` in `/readyz` of the administrator’s listener. Certificates of an earlier CA that has ended renew no more: remove it from `renewal.from`. With the credential of a tenant, its devices wait. Said once a day.',
  },
  'ra-not-renewed': {
    level: 'error',
    message: 'an automatic RA could not be renewed',
    fields: { err: CAUSE },
    remedy:
      'Do what `err` says. The present RA serves until its end, and the renewal is tried every minute; said once a day. Also when a replica cannot read in the store what another one has made.',
  },
  'endpoint-not-served': {
    level: 'error',
    message: 'an endpoint is not served',
    fields: { endpoint: ENDPOINT, err: CAUSE },
    remedy: 'Do what `err` says, and reload the server. The other endpoints are served meanwhile.',
  },
  'intune-called': {
    level: 'debug',
    message: 'a service of Microsoft was called',
    fields: {
      tenant: TENANT,
      call: 'the step: `token`, `discovery`, `validateRequest`, `successNotification`, `failureNotification`, `directory`, `certificateStates`, `user`, `userPfxCertificates`, `downloadRevocationRequests` or `uploadRevocationResults`',
      result:
        '`answered`, `throttled` (HTTP 429), `refused` (another 4xx), `failed` (5xx) or `unreachable` (no whole answer)',
      status: 'the HTTP status; absent without an answer',
      clientRequestId: 'the id that this server gave to the call; absent where it has none',
      ms: 'milliseconds that the call took',
    },
    remedy: '',
  },
  'tenant-unusable': {
    level: 'error',
    message: 'a tenant cannot be used',
    fields: {
      tenant: TENANT,
      hop: 'the step that failed: `token`, `discovery`, `validateRequest`, `successNotification` or `failureNotification`',
      remedy: 'what to do',
      err: CAUSE,
    },
    remedy:
      'Do what `remedy` says. Devices get PENDING meanwhile, but not after a notification that failed: the next one may be accepted. The tenant is asked again every minute; a cause is said once an hour, and `openndes doctor` asks at once and says what to do first.',
  },
  'tenant-usable': {
    level: 'info',
    message: 'a tenant can be used again',
    fields: { tenant: TENANT },
    remedy: '',
  },
  'directory-listed': {
    level: 'info',
    message: 'the directory of a tenant was listed completely',
    fields: {
      tenant: TENANT,
      listing: 'its number',
      there: 'how many objects are there: `managed` (devices of Intune), `device` and `user` (of Entra)',
      gone: 'how many are newly gone or disabled; they count after the next complete listing',
    },
    remedy: 'Nothing.',
  },
  'directory-revoked': {
    level: 'warn',
    message: 'a certificate was revoked because its device or user is gone',
    fields: { tenant: TENANT, ...REVOCATION, why: 'what is gone' },
    remedy: 'Nothing. `openndes block list` shows what was blocked with it.',
  },
  'directory-waits': {
    level: 'warn',
    message: 'more certificates than the bound allows are to be revoked by the directory, and they wait for approval',
    fields: { tenant: TENANT, certificates: 'how many wait' },
    remedy:
      'Look at `openndes directory run --dry-run`. When devices and users are truly gone, run `openndes directory approve`.',
  },
  'old-records-removed': {
    level: 'info',
    message: 'records were removed after the time that `keep` gives them',
    fields: {
      transactions: 'how many requests',
      der: 'of how many certificates the octets; everything else about them stays',
      audit: 'how many entries of the history',
    },
    remedy: 'Nothing.',
  },
  'revocations-requested': {
    level: 'info',
    message: 'Intune asked for revocations',
    fields: {
      tenant: TENANT,
      revoked: 'how many certificates were revoked now',
      already: 'how many were revoked before',
      unknown: 'how many serial numbers our issuer has not given out; Intune is told so',
      unreadable: 'how many serial numbers name no single certificate; Intune is told so',
      foreign: 'how many certificates are of other issuers',
    },
    remedy: '',
  },
  'revocations-foreign': {
    level: 'warn',
    message: 'Intune asked for revocations of other issuers: they are left alone',
    fields: { tenant: TENANT, number: 'how many', issuers: 'up to five of their issuers, as Intune names them' },
    remedy:
      'Let the program that issued them ask Intune too. When there is none any more, set `revocation: sole` in the tenant: then Intune is told that they cannot be found, and does not ask again. A hundred of them keep Intune from asking for others.',
  },
  'revocation-results-given-up': {
    level: 'error',
    message: 'Intune does not take the results of revocation requests, for 14 days: they are given up',
    fields: { tenant: TENANT, requests: 'the requests, as Intune names them' },
    remedy: 'The certificates are revoked. Give Microsoft the names of the requests.',
  },
  'clock-differs': {
    level: 'warn',
    message: 'the clock of this machine differs from that of Entra ID',
    fields: { seconds: 'how far our clock is ahead; negative when it is behind' },
    remedy:
      'Set the clock, and let NTP keep it: certificates begin and end by it. Said once a day, from five minutes on.',
  },
  'ra-made': {
    level: 'info',
    message: 'made an RA certificate',
    fields: {
      subject: 'its subject, RFC 4514',
      thumbprint: 'the SHA-1 of the certificate',
      replaced: '`true` when there was one before, which still opens messages',
    },
    remedy: '',
  },
  'challenge-requested': {
    level: 'info',
    message: 'challenge password',
    fields: {
      endpoint: ENDPOINT,
      ip: ADDRESS,
      user: 'the administrator; absent when a program asked',
      outcome: '`issued`, or `full`: as many are outstanding as `policy.oneTime.max` allows',
    },
    remedy: '',
  },
  'challenges-guessed': {
    level: 'warn',
    message: 'many wrong challenge passwords within a minute: they may be guesses',
    fields: { endpoint: ENDPOINT, wrong: 'how many' },
    remedy:
      'Look for the client in the lines with `code: challenge_wrong` or `intune_denied`. Further wrong ones of that minute are answered two seconds later.',
  },
  'challenge-api-token-wrong': {
    level: 'warn',
    message: 'challenge API: wrong token',
    fields: { ip: ADDRESS, token: 'the name of a token that has expired' },
    remedy:
      'Compare the token that the program sends with `admin.token` and `admin.tokens`. Replace one that has expired: `openndes token new NAME`.',
  },
  'challenge-api-failed': {
    level: 'error',
    message: 'challenge API failed',
    fields: { err: CAUSE },
    remedy: 'Look at the store.',
  },
  'api-failed': {
    level: 'error',
    message: 'API failed',
    fields: { operation: 'the method and the path', err: CAUSE },
    remedy: 'Look at the cause, and at the store.',
  },
  'administrator-login-failed': {
    level: 'warn',
    message: 'administrator login failed',
    fields: {
      ip: ADDRESS,
      user: 'the name, if there is such a user: people type passwords into the wrong field',
      reason: 'of a login at a provider: what happened, and what to do',
    },
    remedy: '',
  },
  'administrator-page-failed': {
    level: 'error',
    message: 'the administrator page failed',
    fields: { err: CAUSE },
    remedy: 'Look at the store.',
  },
};

/** A subscriber that writes each event as one line; the event itself is the object of the line. */
export function logEvents(logger: Logger): Emit {
  return fewerRefusals((event) => {
    const { level, message } = LOG_LINES[event.event];
    logger[level](forLog(event), message);
  });
}

function forLog(event: ServerEvent): object {
  const { err, detail, ...facts } = event as { err?: unknown; detail?: unknown };
  if (err === undefined) return event;
  return { ...facts, ...defined({ detail, err: loggedError(err, detail) }) };
}

/** The log, and after it the subscriber of an embedder. What that one throws is logged and has no other effect. */
export function subscribers(logger: Logger, onEvent?: (event: ServerEvent) => void): Emit {
  const log = logEvents(logger);
  if (!onEvent) return log;
  return (event) => {
    log(event);
    // An async function is a subscriber too, as far as the compiler is concerned.
    started(() => onEvent(event)).catch((err: unknown) =>
      log({ event: 'subscriber-failed', failed: event.event, err }),
    );
  };
}
