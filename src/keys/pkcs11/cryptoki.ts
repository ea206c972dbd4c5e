/** The part of PKCS#11 (Cryptoki 2.40) that is used, as the npm package `pkcs11js` has it. */

/** A slot, a session or an object. */
export type Handle = Buffer;

/** `value` is absent where the token is asked for it. */
export type Attribute = { type: number; value?: number | boolean | string | Uint8Array };

/** A mechanism with its parameter. */
export type Mechanism = {
  mechanism: number;
  parameter?: { type: number; hashAlg: number; mgf: number; saltLen: number };
};

/** Text is padded with spaces. */
export type TokenInfo = { label: string; manufacturerID: string; model: string; serialNumber: string; flags: number };

/** Its functions throw an Error with the return value of the module as `code`. */
export type Cryptoki = {
  load(path: string): void;
  C_Initialize(options?: { flags: number }): void;
  C_GetSlotList(withToken: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_GetSessionInfo(session: Handle): unknown;
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { type: number; value: Buffer }[];
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, signature: Buffer): Promise<Buffer>;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_DecryptAsync(session: Handle, data: Buffer, decrypted: Buffer): Promise<Buffer>;
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): { publicKey: Handle; privateKey: Handle };
};

/** Numbers of the standard under its names. */
export const CK = {
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKK_RSA: 0,
  CKK_EC: 3,
  CKA_CLASS: 0,
  CKA_TOKEN: 1,
  CKA_PRIVATE: 2,
  CKA_LABEL: 3,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_DECRYPT: 0x105,
  CKA_SIGN: 0x108,
  CKA_VERIFY: 0x10a,
  CKA_MODULUS: 0x120,
  CKA_MODULUS_BITS: 0x121,
  CKA_PUBLIC_EXPONENT: 0x122,
  CKA_EXTRACTABLE: 0x162,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKM_RSA_PKCS_KEY_PAIR_GEN: 0,
  CKM_RSA_PKCS: 1,
  CKM_RSA_X_509: 3,
  CKM_RSA_PKCS_PSS: 0xd,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
  CKM_SHA_1: 0x220,
  CKM_SHA256: 0x250,
  CKM_SHA224: 0x255,
  CKM_SHA384: 0x260,
  CKM_SHA512: 0x270,
  CK_PARAMS_RSA_PSS: 5,
  CKF_LOGIN_REQUIRED: 4,
  CKF_TOKEN_INITIALIZED: 0x400,
  CKF_RW_SESSION: 2,
  CKF_SERIAL_SESSION: 4,
  CKF_OS_LOCKING_OK: 2,
  CKU_USER: 1,
  CKR_PIN_INCORRECT: 0xa0,
  CKR_PIN_INVALID: 0xa1,
  CKR_PIN_LEN_RANGE: 0xa2,
  CKR_PIN_EXPIRED: 0xa3,
  CKR_PIN_LOCKED: 0xa4,
  CKR_USER_ALREADY_LOGGED_IN: 0x100,
  CKR_CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;

/** The return value of a function that failed; undefined for another error. */
export const returnValue = (error: unknown): number | undefined => {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
};
