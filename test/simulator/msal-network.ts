/** How msal-node talks to the simulator. */
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { request } from 'undici';
import type { Tenant } from './tenant.ts';

/** The smallest network module over undici, which trusts the simulator's CA and nothing else. */
export const networkOf = ({ agent }: Tenant): INetworkModule => {
  const send = async (method: 'GET' | 'POST', url: string, options: NetworkRequestOptions = {}) => {
    const response = await request(url, {
      method,
      dispatcher: agent,
      ...(options.headers ? { headers: options.headers } : {}),
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    return { headers: {}, status: response.statusCode, body: await response.body.json() };
  };
  return {
    sendGetRequestAsync: <T>(url: string, options?: NetworkRequestOptions) =>
      send('GET', url, options) as Promise<NetworkResponse<T>>,
    sendPostRequestAsync: <T>(url: string, options?: NetworkRequestOptions) =>
      send('POST', url, options) as Promise<NetworkResponse<T>>,
  };
};
