import type { Principal } from '@midgard/auth';

/** Tells who speaks. Both front ends ask it; nothing else of the server knows keys or tokens. */
export interface Authenticator {
  /**
   * @param auth the `auth` object of a hello, not yet checked
   * @param address the peer's address, for limits and the audit
   * @throws an error that `toMidgardError` maps to 3001, 3002, 3003 or 3005
   */
  fromHello(auth: unknown, address: string): Promise<Principal>;
  /**
   * @param headers the request's headers: `Authorization: Bearer …` or `X-API-Key: …`
   * @param address the peer's address, for limits and the audit
   * @throws an error that `toMidgardError` maps to 3001, 3002, 3003 or 3005
   */
  fromHttp(headers: Headers, address: string): Promise<Principal>;
}
