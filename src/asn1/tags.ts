/** The identifier octets (X.690 8.1.2) that SCEP messages use. Each is a single octet; high tag numbers are refused. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific, primitive: `[n] IMPLICIT` of a primitive type. */
export const implicit = (n: number): number => 0x80 | n;

/** Context-specific, constructed: `[n] EXPLICIT`, or `[n] IMPLICIT` of a SEQUENCE or SET. */
export const explicit = (n: number): number => 0xa0 | n;
