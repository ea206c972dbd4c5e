/** The errors that an administrator reads: the line, the key, the reason and the remedy, word for word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { AUTHORITIES, ENDPOINTS, load, problemsOf } from './config-under-test.ts';

const REST = `${AUTHORITIES}${ENDPOINTS}`;
const LAB = 'policy: { static: abcdefgh }';
const CORP = 'tenant: a, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: s';
const endpoint = (keys: string): string => `endpoints: [{ ${keys} }]\n${AUTHORITIES}`;
const profile = (keys: string): string => `profiles: { device: { ${keys} } }\n${REST}`;
const tenant = (keys: string): string => `tenants: { corp: { ${keys} } }\n${REST}`;
const authority = (keys: string): string => `authorities: { issuing: { ${keys} } }\n${ENDPOINTS}`;
/** An authority whose CA is another product, with all that it needs. */
const FOREIGN = 'certificate: a, issuer: { module: b }, ra: { certificate: c, key: d }';
const adcs = (keys: string): string => authority(`certificate: a, issuer: { adcs: { url: https://b, ${keys} } }`);
const bao = (keys: string): string => authority(`certificate: a, issuer: { openBao: { url: https://b, ${keys} } }`);
const foreign = (keys: string): string => authority(`${FOREIGN}, ${keys}`);

/** Each text has exactly the problem in the second column and no other. */
const GOLDEN: Readonly<Record<string, readonly [text: string, problem: string]>> = {
  'not a mapping': ['hello', '1:1 not a mapping of keys. Write it like `endpoints: …`.'],
  'unknown key at the top': [`lisen: {}\n${REST}`, '1:1 lisen: unknown key. Did you mean `listen`?'],
  'unknown key below': [`listen:\n  port: 1\n  prot: 2\n${REST}`, '3:3 listen.prot: unknown key. Did you mean `port`?'],
  'unknown key like no other': [`log: { colour: no }\n${REST}`, '1:8 log.colour: unknown key. Known: `level`.'],
  'wrong letter case': [`publicURL: http://a\n${REST}`, '1:1 publicURL: unknown key. Did you mean `publicUrl`?'],
  'key without value': [
    `listen:\n  port:\n${REST}`,
    '2:3 listen.port: no value. Remove the key, or write it like `port: 8080`.',
  ],
  'people of a tenant and an endpoint that are not there': [
    `pfx: { subject: CN=a, people: { tenant: crop, endpoint: people } }\n${tenant(CORP)}`,
    '1:41 pfx.people.tenant: nothing in `tenants` has this name. Did you mean `corp`?\n' +
      'openndes.yaml:1:57 pfx.people.endpoint: nothing in `endpoints` has this name. Known: `/certsrv/mscep/mscep.dll`.',
  ],
  'section without value': [
    `listen:\n${REST}`,
    '1:1 listen: no value. Remove the key, or write it like `listen: { host: 0.0.0.0, port: 8080 }`.',
  ],
  'value in place of a section': [
    `listen: 8080\n${REST}`,
    '1:9 listen: not a mapping of keys, or a list of them. Write it like `listen: { host: 0.0.0.0, port: 8080 }`.',
  ],
  'port too high': [
    `listen: { port: 70000 }\n${REST}`,
    '1:17 listen.port: not a whole number from 0 to 65535 (70000). Write it like `port: 8080`.',
  ],
  'no listener': [`listen: []\n${REST}`, '1:9 listen[0]: missing. Add `listen: { host: 0.0.0.0, port: 8080 }`.'],
  'a listener that is none': [
    `listen: [{ port: 80 }, 8080]\n${REST}`,
    '1:24 listen[1]: not a mapping of keys, or a list of them. Write it like `listen: { host: 0.0.0.0, port: 8080 }`.',
  ],
  'mistakes in several listeners': [
    `listen:\n  - { port: 70000 }\n  - { prot: 443, tls: { certificate: a } }\n${REST}`,
    '2:13 listen[0].port: not a whole number from 0 to 65535 (70000). Write it like `port: 8080`.\n' +
      'openndes.yaml:3:7 listen[1].prot: unknown key. Did you mean `port`?\n' +
      'openndes.yaml:3:23 listen[1].tls.key: missing. Add `key: tls.key`.',
  ],
  'a key of the whole server in the second listener': [
    `listen: [{ port: 80, drain: 1s }, { port: 443, drain: 1s }]\n${REST}`,
    '1:55 listen[1].drain: a key of the whole server ("1s"). Write it in the first entry of `listen` only.',
  ],
  'two listeners at one address': [
    `listen: [{ port: 80 }, { port: 0 }, { port: 0 }, { port: 80 }]\n${REST}`,
    '1:58 listen[3].port: the same address as listen[0] (80). Give each entry another port.',
  ],
  'number for text': [`listen: { host: 1 }\n${REST}`, '1:17 listen.host: not text (1). Put the value in quotes.'],
  'impossible network': [
    `listen: { trustProxy: [10.0.0.0/33] }\n${REST}`,
    '1:24 listen.trustProxy[0]: not an IP address or network ("10.0.0.0/33"). Write it like `10.0.0.0/8`.',
  ],
  'TLS without key': [
    `listen: { tls: { certificate: a } }\n${REST}`,
    '1:16 listen.tls.key: missing. Add `key: tls.key`.',
  ],
  'unknown level': [
    `log: { level: inof }\n${REST}`,
    '1:15 log.level: not one of the known values ("inof"). Did you mean `info`?',
  ],
  'URL without scheme': [
    `publicUrl: scep.example.com\n${REST}`,
    '1:12 publicUrl: not a URL with http or https and without query ("scep.example.com"). Write it like `publicUrl: https://scep.example.com`.',
  ],
  PostgreSQL: [
    `store: postgres://user:password@host/openndes?sslmode=require\n${REST}`,
    '1:8 store: an sslmode that does not verify the server. Write `sslmode=verify-full`, with `sslrootcert=FILE` for a CA of your own; or `sslmode=disable` where the network is protected otherwise.',
  ],
  'store without a kind': [
    `store: ./openndes.db\n${REST}`,
    '1:8 store: not `sqlite:` and the path of a file, a URL with `postgres`, or a mapping of keys. Write it like `store: sqlite:./data/openndes.db`.',
  ],
  'no endpoint': [
    `endpoints: []\n${AUTHORITIES}`,
    '1:12 endpoints: no endpoint, so nothing would be served. Write it like `endpoints: [{ policy: { static: "${env:LAB_CHALLENGE}" } }]`.',
  ],
  'no policy': [
    endpoint('path: /a'),
    '1:13 endpoints[0].policy: missing. Add `policy: { static: "${env:LAB_CHALLENGE}" }`.',
  ],
  'empty policy': [
    endpoint('policy: {}'),
    '1:23 endpoints[0].policy: no policy, so nothing would be checked. Name exactly one of `intune`, `static`, `oneTime`, `webhook`, `module`, `allOf`, `anyOf`.',
  ],
  'misspelt policy': [
    endpoint('policy: { statik: abcdefgh }'),
    '1:25 endpoints[0].policy.statik: unknown key. Did you mean `static`?',
  ],
  'mistake behind an alias': [
    `endpoints: [{ policy: &p { static: abcdefgh, notfy: 1 } }, { path: /b, policy: *p }]\n${AUTHORITIES}`,
    '1:46 endpoints[0].policy.notfy: unknown key. Did you mean `notify`?\nopenndes.yaml:1:46 endpoints[1].policy.notfy: unknown key. Did you mean `notify`?',
  ],
  'two policies': [
    `tenants: { corp: { ${CORP} } }\n${endpoint('policy: { intune: corp, static: abcdefgh }')}`,
    '2:23 endpoints[0].policy: two policies. Name exactly one of `intune`, `static`, `oneTime`, `webhook`, `module`, `allOf`, `anyOf`.',
  ],
  'a key of another policy': [
    endpoint('policy: { static: abcdefgh, notify: strict }'),
    '1:23 endpoints[0].policy: `notify` and `onUnreachable` and `precheck` belong to `intune`. Remove them from this policy.',
  ],
  'empty static challenge': [
    endpoint('policy: { static: "" }'),
    '1:33 endpoints[0].policy.static: an empty challenge, so that every request would get a certificate. Give a long random one, for example from `openssl rand -hex 24`.',
  ],
  'numeric challenge': [
    endpoint('policy: { static: 12345678 }'),
    '1:33 endpoints[0].policy.static: not text. Put the value in quotes.',
  ],
  'unknown authority': [
    endpoint(`authority: isuing, ${LAB}`),
    '1:26 endpoints[0].authority: no authority of this file has that name ("isuing"). Did you mean `issuing`?',
  ],
  'unknown profile': [
    endpoint(`profile: server, ${LAB}`),
    '1:24 endpoints[0].profile: no profile of this file has that name. Known: `device`.',
  ],
  'unknown tenant': [
    endpoint('policy: { intune: corp }'),
    '1:33 endpoints[0].policy.intune: no tenant of this file has that name ("corp"). None is defined yet.',
  ],
  'which of two authorities': [
    `authorities: { a: { certificate: a, key: a }, b: { certificate: b, key: b } }\n${ENDPOINTS}`,
    '2:13 endpoints[0].authority: missing. Add `authority: a`.',
  ],
  'path without slash': [
    endpoint(`path: scep, ${LAB}`),
    '1:21 endpoints[0].path: not a path: `/`, then letters, digits and `.`, `_`, `~`, `-`, `/` ("scep"). Write it like `path: /certsrv/mscep/mscep.dll`.',
  ],
  'path of a health check': [
    endpoint(`path: /Healthz/, ${LAB}`),
    '1:21 endpoints[0].path: that path belongs to the health checks, revocation lists and links ("/Healthz/"). Write another, for example /certsrv/mscep/mscep.dll.',
  ],
  'path below a health check': [
    endpoint(`path: /readyz/scep, ${LAB}`),
    '1:21 endpoints[0].path: that path belongs to the health checks, revocation lists and links ("/readyz/scep"). Write another, for example /certsrv/mscep/mscep.dll.',
  ],
  'path of a revocation list': [
    endpoint(`path: /crl/issuing.crl, ${LAB}`),
    '1:21 endpoints[0].path: that path belongs to the health checks, revocation lists and links ("/crl/issuing.crl"). Write another, for example /certsrv/mscep/mscep.dll.',
  ],
  'revocation list that ends at once': [
    `authorities: { issuing: { certificate: ca.pem, key: ca.key, crl: { validity: 0s } } }\n${ENDPOINTS}`,
    '1:78 authorities.issuing.crl.validity: shorter than an hour ("0s"). Write it like `validity: 7d`.',
  ],
  'two endpoints at one path': [
    `endpoints:\n  - { path: /scep, ${LAB} }\n  - { path: /SCEP/pkiclient.exe, ${LAB} }\n${AUTHORITIES}`,
    '3:13 endpoints[1].path: the same path as endpoints[0]. Give each endpoint a path of its own; letter case and a slash at the end make no difference.',
  ],
  'two endpoints of one name': [
    `endpoints:\n  - { path: /a, name: lab, ${LAB} }\n  - { path: /b, ${LAB}, name: lab }\n${AUTHORITIES}`,
    '3:53 endpoints[1].name: the same name as endpoints[0]. Give each endpoint a name of its own: its records in the store are found by it. The default is its path.',
  ],
  'a name that is the path of another endpoint': [
    `endpoints:\n  - { path: /new, name: /old, ${LAB} }\n  - { path: /old, ${LAB} }\n${AUTHORITIES}`,
    '3:5 endpoints[1].name: the same name as endpoints[0]. Give each endpoint a name of its own: its records in the store are found by it. The default is its path.',
  ],
  'name with a space': [
    endpoint(`name: my lab, ${LAB}`),
    '1:21 endpoints[0].name: not a name of letters, digits and `.`, `_`, `~`, `-`, `/` ("my lab"). Write it like `name: wifi`.',
  ],
  'empty name': [
    endpoint(`name: "", ${LAB}`),
    '1:21 endpoints[0].name: not a name of letters, digits and `.`, `_`, `~`, `-`, `/` (""). Write it like `name: wifi`.',
  ],
  'unknown legacy algorithm': [
    endpoint(`${LAB}, legacy: [md5]`),
    '1:54 endpoints[0].legacy[0]: not one of the known values ("md5"). Known: `sha1`, `des3`, `des`, `rsa1024`, `null-wrap`.',
  ],
  'signing time in words': [
    endpoint(`${LAB}, signingTime: of`),
    '1:58 endpoints[0].signingTime: not one of the known values. Did you mean `off`?',
  ],
  'signing time window': [
    endpoint(`${LAB}, signingTime: { past: 1w }`),
    '1:66 endpoints[0].signingTime.past: not a duration in days, hours, minutes or seconds, at most 36500d ("1w"). Write it like `past: 24h`.',
  ],
  'neither true nor false': [
    endpoint(`${LAB}, requireSignerKeyMatch: yes`),
    '1:68 endpoints[0].requireSignerKeyMatch: not `true` or `false` ("yes"). Write it like `requireSignerKeyMatch: true`.',
  ],
  'negative backdate': [
    profile('backdate: -1h'),
    '1:33 profiles.device.backdate: not a duration in days, hours, minutes or seconds, at most 36500d ("-1h"). Write it like `backdate: 24h`.',
  ],
  'validity beyond the longest': [
    profile('validity: 3d, maxValidity: 2d'),
    '1:33 profiles.device.validity: longer than `maxValidity`, which is 2d. Shorten it, or raise `maxValidity`.',
  ],
  'default usage that the profile does not allow': [
    profile('defaultKeyUsage: [keyAgreement]'),
    '1:21 profiles.device: defaultKeyUsage is empty or names a usage that keyUsage does not. Name some of the usages of `keyUsage`.',
  ],
  'default purpose that the profile does not allow': [
    profile('defaultExtendedKeyUsage: [serverAuth]'),
    '1:21 profiles.device: defaultExtendedKeyUsage is empty or names a purpose that extendedKeyUsage does not. Name some of the purposes of `extendedKeyUsage`.',
  ],
  'profile whose certificates break RFC 5280': [
    profile('certificatePolicies: [1.2.3, 1.2.3]'),
    '1:21 profiles.device: RFC 5280 4.2.1.4: the policy 1.2.3 is named twice (with a key of the kind rsa). Change the profile so that it keeps this rule.',
  ],
  'pointer with an unknown placeholder': [
    profile('crl: ["http://a.example/{place}.crl"]'),
    '1:21 profiles.device: RFC 5280 4.2.1.6: "http://a.example/{place}.crl" is no URI of RFC 3986 with its scheme (with a key of the kind rsa). Change the profile so that it keeps this rule.',
  ],
  'fixed SID': [
    profile('extensions: [{ oid: 1.3.6.1.4.1.311.25.2, der: "0500" }]'),
    '1:21 profiles.device: extensions names 1.3.6.1.4.1.311.25.2, so that every device could log on as that account. Leave it out.',
  ],
  'policy that is no OID': [
    profile('certificatePolicies: [gold]'),
    '1:45 profiles.device.certificatePolicies[0]: not a dotted OID, or a mapping of keys. Write it like `1.3.6.1.4.1.99999.2`.',
  ],
  'extension that is not hexadecimal': [
    profile('extensions: [{ oid: 1.2.3, der: "05 00" }]'),
    '1:55 profiles.device.extensions[0].der: not DER in hexadecimal digits ("05 00"). Write it like `der: "0500"`.',
  ],
  'profiles by usage that differ where renewals look first': [
    `profiles: { a: {}, b: { renewBefore: 30d } }\nendpoints: [{ profile: { signature: a, encryption: b, generalPurpose: a }, policy: { static: abcdefgh } }]\n${AUTHORITIES}`,
    '2:24 endpoints[0].profile: its profiles differ in `renewBefore`, `maxLifetime` or `subject.append`. Give all three profiles the same value.',
  ],
  'unknown profile for a usage': [
    `endpoints: [{ profile: { signature: device, encryption: devise, generalPurpose: device }, policy: { static: abcdefgh } }]\n${AUTHORITIES}`,
    '1:57 endpoints[0].profile.encryption: no profile of this file has that name ("devise"). Did you mean `device`?',
  ],
  'rate below a second': [
    profile('rate: { certificates: 5, per: 0 }'),
    '1:21 profiles.device: rate has a time below a second. Write it like `rate: { certificates: 1000, per: 1h }`.',
  ],
  'no kind of key': [
    profile('keys: []'),
    '1:21 profiles.device: keys is empty, or minRsaBits is more than maxRsaBits, so no key is certified. Name the kinds of keys, such as rsa and p256, and a longest RSA key that is not below the shortest.',
  ],
  'unknown kind of key': [
    profile('keys: [p255]'),
    '1:30 profiles.device.keys[0]: not one of the known values ("p255"). Did you mean `p256`?',
  ],
  'unknown attribute of the subject': [
    profile('subject: { require: [CommonName] }'),
    '1:21 profiles.device: subject.require, forbid and values: no attribute has the name "CommonName". Known: CN, SN, serialNumber, C, L, ST, street, O, OU, title, G, dnQualifier, DC, UID, E, unstructuredName, or a dotted OID.',
  ],
  'attribute required and forbidden': [
    profile('subject: { require: [CN], forbid: [2.5.4.3] }'),
    '1:21 profiles.device: subject.require and forbid: both name CN. Take it out of one of them.',
  ],
  'appended country of three letters': [
    profile('subject: { append: "C=DEU" }'),
    '1:21 profiles.device: subject.append: a country that is not two letters in C="DEU". Write it as in RFC 4514, like O=Contoso,C=DE.',
  ],
  'key usage of a CA': [
    profile('keyUsage: [keyCertSign]'),
    '1:21 profiles.device: keyUsage names keyCertSign or cRLSign, which belong to a CA. Name usages of end entities, such as digitalSignature and keyEncipherment.',
  ],
  'unknown purpose': [
    profile('extendedKeyUsage: [clientauth]'),
    '1:42 profiles.device.extendedKeyUsage[0]: no purpose of that name ("clientauth"). Did you mean `clientAuth`?',
  ],
  'bad name': [
    `profiles: { "a b": {} }\n${REST}`,
    '1:1 profiles: a name with other characters than letters, digits, `-` and `_`. Use only these characters.',
  ],
  'tenant with two credentials': [
    tenant(`${CORP}, federated: { file: token }`),
    '1:18 tenants.corp: has 2 credentials: federated, clientSecret. Give exactly one: `federated`, `managedIdentity`, `certificate` or, last, `clientSecret`.',
  ],
  'tenant that is several': [
    tenant(CORP.replace(/tenant: [^,]+/, 'tenant: common')),
    '1:18 tenants.corp: tenant: neither a GUID nor a domain name. Give the id or a domain of the Entra tenant.',
  ],
  'proxy with a percent sign in its password': [
    tenant(`${CORP}, proxy: "http://user:100%sure@proxy:3128"`),
    '1:18 tenants.corp: proxy: the user or the password has characters that a URL does not allow. Write % as %25, / as %2F, ? as %3F, # as %23, @ as %40 and : as %3A.',
  ],
  'tenant without client id': [
    tenant('tenant: a, clientSecret: s'),
    '1:18 tenants.corp: has no `clientId`. Give the application (client) ID of the app registration; only a system-assigned managed identity has none.',
  ],
  'App Service without its address': [
    tenant('tenant: a, managedIdentity: { from: app-service }'),
    '1:18 tenants.corp: managedIdentity: App Service needs `endpoint` and `header`. Write `endpoint: "${env:IDENTITY_ENDPOINT}"` and `header: "${env:IDENTITY_HEADER}"`.',
  ],
  'end of a secret that is no date': [
    tenant(`${CORP}, expires: soon`),
    '1:105 tenants.corp.expires: not a date such as 2027-01-31 ("soon"). Write it like `expires: 2027-01-31`.',
  ],
  'tenant without secret': [
    tenant('tenant: a, clientId: 00000000-0000-0000-0000-000000000000'),
    '1:18 tenants.corp: has no credential. Give exactly one: `federated`, `managedIdentity`, `certificate` or, last, `clientSecret`.',
  ],
  'client ID that is no GUID': [
    tenant('tenant: a, clientId: corp, clientSecret: s'),
    '1:41 tenants.corp.clientId: not a GUID ("corp"). Write it like `clientId: 00000000-0000-0000-0000-000000000000`.',
  ],
  'unknown cloud': [
    tenant(`${CORP}, cloud: gcchigh`),
    '1:103 tenants.corp.cloud: not one of the known values. Did you mean `gcc-high`?',
  ],
  'cloud without Intune resource': [
    tenant(`${CORP}, cloud: china`),
    '1:103 tenants.corp.cloud: no Intune resource is published for this cloud. Write the cloud out: `cloud: { login: https://login.partner.microsoftonline.cn, graph: https://microsoftgraph.chinacloudapi.cn, intune: URL }` with the resource that the operator names.',
  ],
  'cloud over plain HTTP': [
    tenant(`${CORP}, cloud: { login: "http://a", graph: "https://b", intune: "https://c" }`),
    '1:112 tenants.corp.cloud.login: not a URL with https and without query ("http://a"). Write it like `login: https://login.microsoftonline.com`.',
  ],
  'CA that is not there': [
    tenant(`${CORP}, trustCa: ca.pem`),
    '1:105 tenants.corp.trustCa: the file cannot be read (ENOENT) ("ca.pem"). Paths are relative to the configuration file. Check the path and the rights of the file.',
  ],
  'authority without key': [
    authority('certificate: a'),
    '1:25 authorities.issuing: neither `key` nor `issuer`, so nothing could be issued. Give the key of the CA, or the CA product that issues in its place: docs/backends.md.',
  ],
  'authority with a key and another CA': [
    authority('certificate: a, key: b, issuer: { module: c }'),
    '1:25 authorities.issuing: both `key` and `issuer`, so it is not clear who issues. Remove `key` where the other CA issues, and `issuer` where this server does.',
  ],
  'issuer without a CA': [
    authority('certificate: a, issuer: {}'),
    '1:51 authorities.issuing.issuer: no CA, so nothing could be issued. Name exactly one; docs/backends.md has all of them.',
  ],
  'unknown CA product': [
    authority('certificate: a, issuer: { modul: c }'),
    '1:53 authorities.issuing.issuer.modul: unknown key. Did you mean `module`?',
  ],
  'two CA products': [
    authority('certificate: a, issuer: { module: c, stepCa: { url: https://ca, provisioner: p, key: k } }'),
    '1:51 authorities.issuing.issuer: two CAs for one authority. Name exactly one; docs/backends.md has all of them.',
  ],
  'step-ca without https': [
    authority('certificate: a, issuer: { stepCa: { url: http://ca, provisioner: p, key: k } }'),
    '1:68 authorities.issuing.issuer.stepCa.url: not a URL with https and without query ("http://ca"). Write it like `url: https://ca.example.com:9000`.',
  ],
  'AD CS without a login': [
    adcs('template: T'),
    '1:59 authorities.issuing.issuer.adcs: no login. Give one of `user` and `password`, `clientCertificate` and `clientKey`, and `kerberos`. With CES, the end of the URL says which.',
  ],
  'AD CS with two logins': [
    adcs('template: T, user: u, password: p, clientCertificate: c, clientKey: k'),
    '1:59 authorities.issuing.issuer.adcs: several logins. Give one of `user` and `password`, `clientCertificate` and `clientKey`, and `kerberos`. With CES, the end of the URL says which.',
  ],
  'AD CS with an account and Kerberos': [
    adcs('template: T, user: u, password: p, kerberos: {}'),
    '1:59 authorities.issuing.issuer.adcs: several logins. Give one of `user` and `password`, `clientCertificate` and `clientKey`, and `kerberos`. With CES, the end of the URL says which.',
  ],
  'AD CS with a service that is no name of HTTP': [
    adcs('template: T, kerberos: { service: "ldap/dc" }'),
    '1:111 authorities.issuing.issuer.adcs.kerberos.service: not a name such as `HTTP/ca1.example.com` ("ldap/dc"). Write it like `service: HTTP/ca1.example.com`.',
  ],
  'AD CS with half of a login': [
    adcs('template: T, user: u'),
    '1:59 authorities.issuing.issuer.adcs: only one of `user` and `password`. Give both or none.',
  ],
  'AD CS with an end in a bare request': [
    adcs('template: T, user: u, password: p, request: pkcs10, expirationDate: true'),
    '1:59 authorities.issuing.issuer.adcs: `expirationDate` needs `request: cmc`. A bare request has no room for it.',
  ],
  'AD CS with a kind of request at the web pages': [
    adcs('template: T, user: u, password: p, via: certsrv, request: pkcs10'),
    '1:59 authorities.issuing.issuer.adcs: `request` needs `via: ces`. Remove it: the web pages take bare requests only.',
  ],
  'AD CS with a policy service beside the web pages': [
    adcs('template: T, user: u, password: p, via: certsrv, policyUrl: https://c'),
    '1:59 authorities.issuing.issuer.adcs: `policyUrl` needs `via: ces`. Remove it: the web pages have another login.',
  ],
  'AD CS with a revoker that cannot revoke': [
    adcs('template: T, user: u, password: p, revoker: { program: /p, operations: [check] }'),
    '1:59 authorities.issuing.issuer.adcs: `revoker` that cannot revoke. Write `operations: [revoke]`, or leave them out.',
  ],
  'AD CS with a template that has a further attribute in it': [
    adcs('template: "T&SAN=upn=a", user: u, password: p'),
    '1:87 authorities.issuing.issuer.adcs.template: not a name of letters, digits, spaces and `_`, `.`, `-`, `(`, `)` ("T&SAN=upn=a"). Write it like `template: OpenNDESDevice`.',
  ],
  'OpenBao without a login': [
    bao('role: r'),
    '1:62 authorities.issuing.issuer.openBao: no login. Give exactly one of `token`, `appRole` and `certificateLogin`.',
  ],
  'OpenBao with two logins': [
    bao('role: r, token: t, appRole: { roleId: a, secretId: b }'),
    '1:62 authorities.issuing.issuer.openBao: more than one login. Give exactly one of `token`, `appRole` and `certificateLogin`.',
  ],
  'OpenBao with a login by a certificate and without one': [
    bao('role: r, certificateLogin: {}'),
    '1:62 authorities.issuing.issuer.openBao: `certificateLogin` without a certificate. Give `clientCertificate` and `clientKey`.',
  ],
  'OpenBao with a role that leads elsewhere': [
    bao('role: ../sign-verbatim/r, token: t'),
    '1:86 authorities.issuing.issuer.openBao.role: not a name of letters, digits, `.`, `-` and `_` ("../sign-verbatim/r"). Write it like `role: openndes`.',
  ],
  'OpenBao with a mount that leads elsewhere': [
    bao('role: r, mount: pki/../sys, token: t'),
    '1:96 authorities.issuing.issuer.openBao.mount: not a path of letters, digits, `-` and `_` ("pki/../sys"). Write it like `mount: pki`.',
  ],
  'OpenBao with half of a client certificate': [
    bao('role: r, token: t, clientKey: k'),
    '1:62 authorities.issuing.issuer.openBao: only one of `clientCertificate` and `clientKey`. Give both or none.',
  ],
  'passphrase without key': [
    foreign('passphrase: abc'),
    '1:25 authorities.issuing: `passphrase` needs the key of the CA, and an authority with `issuer` has none. Remove it: it protects a key file of this server, and there is none.',
  ],
  'validity of a revocation list without key': [
    foreign('crl: { validity: 7d }'),
    '1:25 authorities.issuing: `crl.validity` needs the key of the CA, and an authority with `issuer` has none. That CA signs its own revocation list: name it in the certificates that it issues.',
  ],
  'name of a revocation list without key': [
    foreign('crl: { list: a }'),
    '1:25 authorities.issuing: `crl.list` needs the key of the CA, and an authority with `issuer` has none. That CA signs its own revocation list: name it in the certificates that it issues.',
  ],
  'shards of a revocation list without key': [
    foreign('crl: { shards: 2 }'),
    '1:25 authorities.issuing: `crl.shards` needs the key of the CA, and an authority with `issuer` has none. That CA signs its own revocation list: name it in the certificates that it issues.',
  ],
  'OCSP responder without key': [
    foreign('ocsp: {}'),
    '1:25 authorities.issuing: `ocsp` needs the key of the CA, and an authority with `issuer` has none. A responder needs a certificate that the CA gave for it: use the responder of that CA.',
  ],
  'automatic RA without key': [
    authority('certificate: a, issuer: { module: b }'),
    '1:25 authorities.issuing: `ra: auto` needs the key of the CA, and an authority with `issuer` has none. Make its key and a request with `openndes ca csr --ra`, have that CA certify it for digitalSignature and keyEncipherment, and name both: `ra: { certificate: …, key: … }`. See docs/backends.md.',
  ],
  'no RA without key': [
    authority('certificate: a, issuer: { module: b }, ra: none'),
    '1:25 authorities.issuing: `ra: none` needs the key of the CA, and an authority with `issuer` has none. Make its key and a request with `openndes ca csr --ra`, have that CA certify it for digitalSignature and keyEncipherment, and name both: `ra: { certificate: …, key: … }`. See docs/backends.md.',
  ],
  'ML-KEM without key': [
    `authorities: { issuing: { ${FOREIGN} } }\nendpoints: [{ ${LAB}, kem: ml-kem-768 }]\n`,
    '2:50 endpoints[0].kem: an ML-KEM key needs the key of the CA, and the authority issuing has an `issuer`. Remove the key: clients encrypt to the RA of that authority.',
  ],
  'RA without key': [
    authority('certificate: a, key: b, ra: { certificate: c }'),
    '1:55 authorities.issuing.ra.key: missing. Add `key: file:certs/ra.key.pem`.',
  ],
  'unknown key of an RA': [
    authority('certificate: a, key: b, ra: { certificate: c, key: d, password: e }'),
    '1:81 authorities.issuing.ra.password: unknown key. Known: `certificate`, `key`, `passphrase`, `retired`.',
  ],
  'duplicate key': [`log: {}\nlog: {}\n${REST}`, '2:1 the same key a second time. Keep one of the two.'],
  tabs: [`listen:\n\tport: 1\n${REST}`, '2:1 a tab in the indentation. Indent with spaces.'],
  'open quote': [`${REST}store: "sqlite:a`, '3:17 a quote, a bracket or a comma is missing. Close what was opened.'],
  'alias without an anchor': [
    `store: *there\n${REST}`,
    '1:8 an alias without its anchor. Define `&name` above `*name`; put a value that begins with `*` in quotes.',
  ],
  'unknown tag': [`store: !there\n${REST}`, '1:8 an unknown tag. Put a value that begins with `!` in quotes.'],
  'two documents': [`${REST}---\nlog: {}\n`, '3:1 a second document. Remove the line `---`.'],
};

for (const [title, [text, problem]] of Object.entries(GOLDEN))
  test(`refused: ${title}`, () => assert.equal(problemsOf(text).join('\n'), `openndes.yaml:${problem}`));

test('an empty file lists the required keys', () => {
  assert.deepEqual(
    problemsOf('').map((line) => line.slice(0, line.indexOf('. '))),
    ['openndes.yaml:1:1 authorities: missing', 'openndes.yaml:1:1 endpoints: missing'],
  );
});

test('all problems are reported at once, in the order of the file', () => {
  const text = `log: { level: loud }
authorities:
  issuing: { certificate: ca.pem }
profiles:
  device: { validity: 3y }
  long: { validity: 900d }
endpoints:
  - { path: /a, profile: device, policy: { static: "" } }
  - { path: /b, profile: devise, policy: { static: abcdefgh } }
  - { path: /c, profile: device, policy: { static: abcdefgh } }
  - { path: /C, profile: device, policy: { static: abcdefgh }, colour: red }
  - { path: /c/, profile: device, policy: { static: "\${env:NOT_SET}" } }
  - { path: /c/, profile: device, policy: { static: abcdefgh } }
`;
  const keys = problemsOf(text).map((line) => /^openndes\.yaml:\d+:\d+ ([^ ]+): /.exec(line)?.[1]);
  assert.deepEqual(keys, [
    'log.level',
    'authorities.issuing',
    'profiles.device.validity',
    'profiles.long.validity',
    'endpoints[0].policy.static',
    'endpoints[1].profile',
    'endpoints[3].colour',
    'endpoints[4].path',
    'endpoints[4].policy.static',
    'endpoints[5].path',
  ]);
});

test('the error is a ConfigError with a remedy and the problems as data', () => {
  assert.throws(
    () => load('log: { level: loud }'),
    (error) => error instanceof ConfigError && error.remedy.includes('openndes check') && error.name === 'ConfigError',
  );
});
