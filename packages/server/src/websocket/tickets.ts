import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MemoryNonces, type NonceStore, type Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { z } from 'zod';
import type { Clock } from '../clock.ts';

const ivBytes = 12;
const tagBytes = 16;
/** Longer than any that we make, and nothing that is worth to be decrypted. */
const maxCharacters = 4096;
/** Room for 1,000 a second; then tickets are refused rather than two uses of one risked. */
const maxNonces = 100_000;

const Sealed = z.strictObject({
  until: z.number(),
  principal: z.strictObject({
    subject: z.string(),
    kind: z.enum(['apiKey', 'player', 'service']),
    roles: z.array(z.string()),
    games: z.union([z.literal('*'), z.array(z.string())]),
    operations: z.array(z.string()).exactOptional(),
    playerId: z
      .string()
      .transform((digits) => BigInt(digits))
      .nullable(),
    expiresAt: z.number().nullable(),
    issuedAt: z.number().nullable(),
    sessionId: z.string().nullable(),
    signedBy: z.string().exactOptional(),
  }),
});

/** What {@link Tickets} work with. */
export interface TicketsParts {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** How long a ticket is good, milliseconds. */
  readonly goodForMs: number;
  readonly nonces: NonceStore | undefined;
  readonly clock: Clock;
}

/**
 * Tickets that let somebody open one connection: for browsers, which cannot give a WebSocket a header, and whose addresses stand in logs.
 * A ticket is the caller, sealed (AES-256-GCM), so every instance with the key can take it; it is good once and for a short time.
 */
export class Tickets {
  readonly #parts: TicketsParts;
  readonly #own: NonceStore;

  constructor(parts: TicketsParts) {
    this.#parts = parts;
    this.#own = new MemoryNonces({ maxGoodForMs: parts.goodForMs, maxNonces, clock: parts.clock });
  }

  /** Makes a ticket for a caller whose credentials were checked. */
  issue(principal: Principal): { readonly ticket: string; readonly expiresAt: string } {
    const { key, goodForMs, clock } = this.#parts;
    const until = clock.now() + goodForMs;
    const told = { until, principal: { ...principal, playerId: principal.playerId === null ? null : String(principal.playerId) } };
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(told), 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { ticket: sealed.toString('base64url'), expiresAt: new Date(until).toISOString() };
  }

  /** Uses a ticket up. @throws {MidgardError} 3003: it is none, was used, or its time is over; 3005: too many at once */
  async redeem(ticket: string): Promise<Principal> {
    const { clock, nonces, goodForMs } = this.#parts;
    const sealed = this.#open(ticket);
    if (sealed === undefined || clock.now() >= sealed.until) throw notGood();
    const name = `ticket:${ticket.slice(0, ivBytes * 2)}`;
    // Here first: it is the cheaper question.
    const isFirst = (await this.#own.useOnce(name, goodForMs)) && (await nonces?.useOnce(name, goodForMs)) !== false;
    if (!isFirst) throw notGood();
    return sealed.principal;
  }

  #open(ticket: string): z.output<typeof Sealed> | undefined {
    if (ticket.length > maxCharacters) return undefined;
    const bytes = Buffer.from(ticket, 'base64url');
    // Else one ticket could be written in several ways, and used as often.
    if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== ticket) return undefined;
    try {
      const cipher = createDecipheriv('aes-256-gcm', this.#parts.key, bytes.subarray(0, ivBytes)).setAuthTag(bytes.subarray(-tagBytes));
      const text = Buffer.concat([cipher.update(bytes.subarray(ivBytes, -tagBytes)), cipher.final()]).toString('utf8');
      return Sealed.safeParse(JSON.parse(text)).data;
    } catch {
      return undefined;
    }
  }
}

function notGood(): MidgardError {
  return new MidgardError('credentialInvalid', 'the ticket is not good, or not any more: each opens one connection');
}
