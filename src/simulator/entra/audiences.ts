/** The audience that a token of another issuer must be for, so that Entra exchanges it. */

/** The audience in the public cloud; in others `…USGov` and `…China` (Entra, "Workload identity federation"). */
export const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';
