import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What comes before the id of a game server in a URI of its certificate. */
const urnPrefix = 'urn:midgard:server:';

/** One name of OpenSSL's text, as Node writes it: what has a comma or a quote in it stands as a JSON string. */
const nameForm = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/**
 * The game servers that the client's certificate is for: names `DNS:<id>` and `URI:urn:midgard:server:<id>`, or the common name where it has
 * no such list (RFC 6125 §6.4.4).
 *
 * @param socket its handshake is done, so a certificate that it shows was checked
 * @returns undefined where the client has shown none
 */
export function certifiedServers(socket: Socket): ReadonlySet<string> | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const { subject } = socket.getPeerCertificate();
  return serversOf(certificate.subjectAltName, subject?.CN);
}

/** @param altNames as `X509Certificate.subjectAltName` @param commonName of the subject; a list where it has several */
export function serversOf(altNames: string | undefined, commonName: unknown): ReadonlySet<string> {
  const servers = new Set<string>();
  for (const { kind, name } of namesOf(altNames ?? '')) {
    if (kind === 'DNS') servers.add(name);
    else if (kind === 'URI' && name.startsWith(urnPrefix)) servers.add(name.slice(urnPrefix.length));
  }
  if (altNames === undefined && typeof commonName === 'string') servers.add(commonName);
  return servers;
}

/** No name at all where one cannot be read: what stands behind it may be a part of it (CVE-2021-44532). */
function namesOf(text: string): readonly { readonly kind: string; readonly name: string }[] {
  const names: { kind: string; name: string }[] = [];
  let at = 0;
  while (at < text.length) {
    nameForm.lastIndex = at;
    const [whole, kind = '', name = ''] = nameForm.exec(text) ?? [];
    if (whole === undefined) return [];
    names.push({ kind, name: name.startsWith('"') ? String(JSON.parse(name)) : name });
    at += whole.length;
  }
  return names;
}

/** Whether the client has shown a certificate that does not hold; asked for `request`, where Node lets it in. */
export function hasBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined;
}
