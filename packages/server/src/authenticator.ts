import type { Principal } from '@midgard/auth';
import type { HelloAuth } from '@midgard/codec';

/** Tells who speaks. Both front ends ask it; nothing else of the server knows keys or tokens. */
export interface Authenticator {
  /**
   * @param auth the `auth` object of a hello: its shape is checked, what it claims is not
   * @param address the peer's address, for limits and the audit
   * @throws an error that `toMidgardError` maps to 3001, 3002, 3003 or 3005
   */
  fromHello(auth: HelloAuth, address: string): Promise<Principal>;
  /**
   * @param headers the request's headers: `Authorization: Bearer …` or `X-API-Key: …`
   * @param address the peer's address, for limits and the audit
   * @throws an error that `toMidgardError` maps to 3001, 3002, 3003 or 3005
   */
  fromHttp(headers: Headers, address: string): Promise<Principal>;
  /**
   * As {@link fromHttp} for what that has found good before, without a promise: for the hot way. Must say the same as `fromHttp` would now.
   * Left out: all that comes over HTTP takes the full way.
   *
   * @param header the one that says who calls
   * @param value of it
   * @returns undefined where it is not remembered, which says nothing about it
   * @throws as `fromHttp`
   */
  recallHttp?(header: 'authorization' | 'x-api-key', value: string): Principal | undefined;
  /**
   * Whether `recallHttp` would answer the same again, for the same value: it need not look at that once more.
   *
   * @param principal what it answered
   */
  recallsStill?(principal: Principal): boolean;
}
