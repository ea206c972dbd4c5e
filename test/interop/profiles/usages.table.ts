/** Key usage and extended key usage, and what else a device writes into its request. */
import { KEY_USAGE, type ProfileRow, PURPOSES, USUAL_EXTENSIONS } from './row.ts';

export const USAGES: readonly ProfileRow[] = [
  {
    title: 'key usage: digital signature',
    profile: { keyUsage: ['digitalSignature'] },
    request: { extensions: { [KEY_USAGE]: 'critical 03020780', [PURPOSES]: '300a06082b06010505070302' } },
    certificate: { openssl: { keyUsage: 'critical Digital Signature' }, pyca: { keyUsage: ['digital_signature'] } },
  },
  {
    title: 'key usage: key encipherment',
    profile: { keyUsage: ['keyEncipherment'] },
    request: { extensions: { [KEY_USAGE]: 'critical 03020520', [PURPOSES]: '300a06082b06010505070302' } },
    certificate: { openssl: { keyUsage: 'critical Key Encipherment' }, pyca: { keyUsage: ['key_encipherment'] } },
  },
  {
    title: 'key usage: both',
    profile: { keyUsage: ['digitalSignature', 'keyEncipherment'] },
    request: { extensions: USUAL_EXTENSIONS },
    certificate: {},
  },
  {
    title: 'key usage that is not critical, with bits that DER leaves out: critical, and DER',
    profile: { keyUsage: ['digitalSignature'] },
    request: { extensions: { [KEY_USAGE]: '03020080', [PURPOSES]: '300a06082b06010505070302' } },
    certificate: {
      openssl: { keyUsage: 'critical Digital Signature' },
      pyca: { keyUsage: ['digital_signature'] },
      octets: { extensions: { [KEY_USAGE]: 'critical 03020780', [PURPOSES]: '300a06082b06010505070302' } },
    },
  },
  {
    title: 'no key usage in the request: that of the profile',
    profile: { keyUsage: undefined },
    request: { extensions: { [PURPOSES]: '300a06082b06010505070302' } },
    certificate: {
      openssl: { keyUsage: 'critical Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment' },
      pyca: { keyUsage: ['digital_signature', 'content_commitment', 'key_encipherment', 'data_encipherment'] },
      octets: { extensions: { [KEY_USAGE]: 'critical 030204f0', [PURPOSES]: '300a06082b06010505070302' } },
    },
  },
  {
    title: 'key usage other than that of the profile',
    profile: { keyUsage: ['digitalSignature'] },
    request: { extensions: USUAL_EXTENSIONS },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'KeyUsageMismatch' },
  },
  {
    title: 'key usage of a CA (keyCertSign), though the profile of Intune has it',
    profile: { keyUsage: ['keyCertSign'] },
    request: { extensions: { [KEY_USAGE]: 'critical 03020204', [PURPOSES]: '300a06082b06010505070302' } },
    refused: { failInfo: 'badRequest', code: 'request_refused', intuneCode: 'Success', failures: [0xa0070057 | 0] },
  },
  {
    title: 'extended key usage: Any Purpose',
    profile: { extendedKeyUsage: ['2.5.29.37.0'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '30060604551d2500' } },
    certificate: { openssl: { purposes: 'Any Extended Key Usage' }, pyca: { purposes: ['2.5.29.37.0'] } },
  },
  {
    title: 'extended key usage: Client Authentication',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] },
    request: { extensions: USUAL_EXTENSIONS },
    certificate: {},
  },
  {
    title: 'extended key usage: Secure Email',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.4'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070304' } },
    certificate: { openssl: { purposes: 'E-mail Protection' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.4'] } },
  },
  {
    title: 'extended key usage: Server Authentication',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070301' } },
    certificate: { openssl: { purposes: 'TLS Web Server Authentication' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.1'] } },
  },
  {
    title: 'extended key usage: Code Signing',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070303' } },
    certificate: { openssl: { purposes: 'Code Signing' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.3'] } },
  },
  {
    title: 'extended key usage: Smart Card Logon',
    profile: { extendedKeyUsage: ['1.3.6.1.4.1.311.20.2.2'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300c060a2b060104018237140202' } },
    certificate: { openssl: { purposes: 'Microsoft Smartcard Login' }, pyca: { purposes: ['1.3.6.1.4.1.311.20.2.2'] } },
  },
  {
    title: 'extended key usage: IP security IKE',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.17'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070311' } },
    certificate: { openssl: { purposes: 'ipsec Internet Key Exchange' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.17'] } },
  },
  {
    title: 'extended key usage: IP security end system',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.5'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070305' } },
    certificate: { openssl: { purposes: 'IPSec End System' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.5'] } },
  },
  {
    title: 'extended key usage: IP security tunnel',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.6'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070306' } },
    certificate: { openssl: { purposes: 'IPSec Tunnel' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.6'] } },
  },
  {
    title: 'extended key usage: IP security user',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.7'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070307' } },
    certificate: { openssl: { purposes: 'IPSec User' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.7'] } },
  },
  {
    title: 'extended key usage: IP security IKE intermediate',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.8.2.2'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505080202' } },
    certificate: { openssl: { purposes: '1.3.6.1.5.5.8.2.2' }, pyca: { purposes: ['1.3.6.1.5.5.8.2.2'] } },
  },
  {
    title: 'extended key usage: Time Stamping',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070308' } },
    certificate: { openssl: { purposes: 'Time Stamping' }, pyca: { purposes: ['1.3.6.1.5.5.7.3.8'] } },
  },
  {
    title: 'extended key usage: Encrypting File System, by its OID',
    profile: { extendedKeyUsage: ['1.3.6.1.4.1.311.10.3.4'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300c060a2b0601040182370a0304' } },
    certificate: {
      openssl: { purposes: 'Microsoft Encrypted File System' },
      pyca: { purposes: ['1.3.6.1.4.1.311.10.3.4'] },
    },
  },
  {
    title: 'extended key usage: an OID of the administrator',
    profile: { extendedKeyUsage: ['1.3.6.1.4.1.57264.9.1'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300c060a2b0601040183bf300901' } },
    certificate: { openssl: { purposes: '1.3.6.1.4.1.57264.9.1' }, pyca: { purposes: ['1.3.6.1.4.1.57264.9.1'] } },
  },
  {
    title: 'several purposes, in the order of the request',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4', '1.3.6.1.4.1.311.20.2.2'] },
    request: {
      extensions: {
        [KEY_USAGE]: 'critical 030205a0',
        [PURPOSES]: '3020060a2b06010401823714020206082b0601050507030406082b06010505070302',
      },
    },
    certificate: {
      openssl: { purposes: 'Microsoft Smartcard Login, E-mail Protection, TLS Web Client Authentication' },
      pyca: { purposes: ['1.3.6.1.4.1.311.20.2.2', '1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.2'] },
    },
  },
  {
    title: 'the same purpose twice: once',
    request: {
      extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '301406082b0601050507030206082b06010505070302' },
    },
    certificate: { octets: { extensions: USUAL_EXTENSIONS } },
  },
  {
    title: 'no extended key usage, as Apple devices send: that of the profile',
    endpoint: 'defaults',
    profile: { extendedKeyUsage: undefined },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0' } },
    certificate: { octets: { extensions: USUAL_EXTENSIONS } },
  },
  {
    title: 'a purpose that the profile of openndes lacks: refused, and Intune is told',
    endpoint: 'defaults',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4'] },
    request: {
      extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '301406082b0601050507030206082b06010505070304' },
    },
    refused: { failInfo: 'badRequest', code: 'request_refused', intuneCode: 'Success', failures: [0xa0070057 | 0] },
  },
  {
    title: 'OCSP signing, though the profile of Intune has it',
    profile: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] },
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070309' } },
    refused: { failInfo: 'badRequest', code: 'request_refused', intuneCode: 'Success', failures: [0xa0070057 | 0] },
  },
  {
    title: 'a purpose other than that of the profile',
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0', [PURPOSES]: '300a06082b06010505070301' } },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'EnhancedKeyUsageMismatch' },
  },
  {
    title: 'no purpose where the profile has one',
    request: { extensions: { [KEY_USAGE]: 'critical 030205a0' } },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'EnhancedKeyUsageMissing' },
  },
  {
    title:
      'what Windows adds: template, application policies, operating system, provider and client information: left out',
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        '1.3.6.1.4.1.311.20.2':
          '1e30004900500053004500430049006e007400650072006d006500640069006100740065004f00660066006c0069006e0065',
        '1.3.6.1.4.1.311.21.7': '3014060c2b0601040182371508010203020164020102',
        '1.3.6.1.4.1.311.21.10': '300c300a06082b06010505070302',
        '1.2.840.113549.1.9.15': '300d300b060960864801650304012a',
      },
      attributes: [
        '301c060a2b0601040182370d0203310e160c31302e302e32363130302e32',
        '303806092b0601040182371514312b30290201050c066c6170746f700c0b434f4e544f534f5c6164610c0f6f6d61646d636c69656e742e657865',
        '305c060a2b0601040182370d0202314e304c0201011e44004d006900630072006f0073006f0066007400200050006c006100740066006f0072006d002000430072007900700074006f002000500072006f00760069006400650072030100',
      ],
    },
    certificate: { octets: { extensions: USUAL_EXTENSIONS } },
  },
  {
    title: 'basicConstraints of a CA: left out',
    request: { extensions: { ...USUAL_EXTENSIONS, '2.5.29.19': 'critical 30030101ff' } },
    certificate: { octets: { extensions: USUAL_EXTENSIONS } },
  },
  {
    title: 'an unknown critical extension: left out',
    request: { extensions: { ...USUAL_EXTENSIONS, '1.3.6.1.4.1.99999.2': 'critical 0500' } },
    certificate: { octets: { extensions: USUAL_EXTENSIONS } },
  },
];
