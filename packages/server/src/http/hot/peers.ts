import type { Principal } from '@midgard/auth';
import type { Socket } from 'node:net';
import { limitedAs, plainAddress } from '../../addresses/address-set.ts';
import { clientAddress, type Forwarding } from '../../addresses/forwarded.ts';

/** What is known of the other end of a connection. */
export interface Peer {
  /** What a proxy told with the last request, and what follows from it. */
  forwarded: string | undefined;
  address: string;
  /** What limits count the address as. */
  limited: string;
  /** What was last shown here to say who asks, and who that was found to be. */
  shown: string | undefined;
  principal: Principal | undefined;
}

/** What is worked out once a connection and not once a request. It goes with the connection: keys of callers are kept no longer than that. */
export class Peers {
  readonly #forwarding: Forwarding | undefined;
  readonly #known = new WeakMap<Socket, Peer>();

  /** @param forwarding proxies that are believed */
  constructor(forwarding: Forwarding | undefined) {
    this.#forwarding = forwarding;
  }

  /** @param forwarded the header by which proxies tell whom they speak for */
  of(socket: Socket, forwarded: string | undefined): Peer {
    let peer = this.#known.get(socket);
    if (peer !== undefined && peer.forwarded === forwarded) return peer;
    const { remoteAddress = '' } = socket;
    const address = this.#forwarding === undefined ? plainAddress(remoteAddress) : clientAddress(remoteAddress, forwarded, this.#forwarding);
    if (peer === undefined) this.#known.set(socket, (peer = { forwarded, address, limited: '', shown: undefined, principal: undefined }));
    peer.forwarded = forwarded;
    peer.address = address;
    peer.limited = limitedAs(address);
    return peer;
  }
}
