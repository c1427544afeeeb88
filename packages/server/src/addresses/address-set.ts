import { BlockList, isIP } from 'node:net';
import { ServerError } from '../errors.ts';

const networkForm = /^([^/]+)\/(\d{1,3})$/;

/** A set of networks and single addresses, IPv4 and IPv6. */
export class AddressSet {
  readonly #list = new BlockList();

  /**
   * @param networks in CIDR notation (RFC 4632), such as `10.0.0.0/8` or `fd00::/8`; without a length it is one address
   * @throws {ServerError} `ERR_SERVER_OPTION`: one of them is none
   */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** @param address of a peer; an IPv4 address mapped into IPv6 is the IPv4 one; what is no address is in no set */
  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const [, base = network, length] = networkForm.exec(network) ?? [];
    const version = isIP(base);
    const bits = version === 6 ? 128 : 32;
    // A zone (fe80::1%eth0) has no meaning in a set.
    if (version === 0 || base.includes('%') || Number(length ?? bits) > bits)
      throw new ServerError('ERR_SERVER_OPTION', `${network} is no network, such as 10.0.0.0/8`);
    this.#list.addSubnet(base, Number(length ?? bits), version === 6 ? 'ipv6' : 'ipv4');
  }
}

/** Loopback addresses: the machine itself (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export const loopback: AddressSet = new AddressSet(['127.0.0.0/8', '::1']);

/** An IPv4 peer of a socket that listens on IPv6 shows as `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/**
 * What limits count an address as: itself, and for IPv6 its network of 64 bits, since that is the least that one customer is
 * given (RFC 6177) and its owner picks another address at will.
 */
export function limitedAs(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('%', 1).join('').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  // Groups that '::' stands for are zeros; an embedded IPv4 address fills the last two.
  const behind = tail === undefined || tail === '' ? 0 : tail.split(':').length + Number(tail.includes('.'));
  const zeros = tail === undefined ? 0 : 8 - groups.length - behind;
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? '').split(':')];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
