import { isIP } from 'node:net';
import type { AddressSet } from './address-set.ts';
import { plainAddress } from './address-set.ts';

/** The proxies before the service, and how they tell whom they speak for. */
export interface Forwarding {
  /** Peers that are believed. */
  readonly proxies: AddressSet;
  /** The header that all of them write. The other one is not looked at: a proxy that does not know it passes on what the client made up. */
  readonly header: 'x-forwarded-for' | 'forwarded';
}

/** A parameter of RFC 7239 §4: a token, `=`, and a token or a quoted string. */
const pairForm = /[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y;
const withPort = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/;

/**
 * The address that a request comes from: from right to left the first that is none of our proxies, since only what our own proxies
 * wrote is known to be true (RFC 7239 §8.1); what stands to the left of it anybody may have made up.
 *
 * @param peer address of the socket; believed as it is where it is no proxy
 * @param header value of the header, joined by commas where it stands several times
 * @param proxies the ones that are believed
 */
export function clientAddress(peer: string, header: string | undefined, { proxies, header: name }: Forwarding): string {
  let address = plainAddress(peer);
  if (header === undefined) return address;
  if (!proxies.has(address)) return address;
  const hops = name === 'forwarded' ? forwardedHops(header) : header.split(',');
  for (const hop of hops.toReversed()) {
    const next = addressOf(hop);
    // `unknown` or an obfuscated name: the proxy that wrote it is all that is known.
    if (next === undefined) return address;
    address = next;
    if (!proxies.has(address)) return address;
  }
  return address;
}

/** The `for` of every hop, '' where one has none; empty where the header is malformed, since a quote left open would swallow what our proxy added. */
function forwardedHops(header: string): readonly string[] {
  const hops: string[] = [''];
  let at = 0;
  while (at < header.length) {
    pairForm.lastIndex = at;
    const match = pairForm.exec(header);
    if (match === null) return [];
    const [whole, name = '', token, quoted = '', end] = match;
    if (name.toLowerCase() === 'for') hops[hops.length - 1] = token ?? quoted.replaceAll(/\\(.)/g, '$1');
    if (end === ',') hops.push('');
    at += whole.length;
  }
  return hops;
}

/** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` or `2001:db8::1`. */
function addressOf(text: string): string | undefined {
  const trimmed = text.trim();
  const [, inBrackets, version4] = withPort.exec(trimmed) ?? [];
  const address = inBrackets ?? version4 ?? trimmed;
  return isIP(address) === 0 || address.includes('%') ? undefined : plainAddress(address);
}
