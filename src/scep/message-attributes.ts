/** The signed attributes of SCEP (RFC 8894 3.2.1) and the one that Windows reads beside them. */
export const SCEP_ATTRIBUTE = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
  /** RFC 8894 3.2.1.4. */
  failInfoText: '1.3.6.1.5.5.7.24.1',
  /** szOID_ENROLL_SCEP_ERROR: a signed decimal HRESULT, which Windows shows in its event log. */
  microsoftError: '1.3.6.1.4.1.311.21.33',
} as const;
