import type { Notification } from '../alerts/notification.ts';
import { reasonOf } from '../errors.ts';
import { type Channel, DeliveryError } from './channel.ts';
import { plainLine } from './escape.ts';
import { fitted, messageOf, type Wording } from './message.ts';

/** One mail, as nodemailer takes it. */
export interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly subject: string;
  readonly text: string;
  readonly headers: Record<string, string>;
}

/** Sends mails; a transport of nodemailer is one. */
export interface MailTransport {
  sendMail(mail: Mail): Promise<unknown>;
  close?(): void;
}

/** Whom mails go to, and how they are worded. */
export interface EmailTarget extends Wording {
  readonly from: string;
  readonly to: readonly string[];
}

const maxBytes = 200_000;
const maxSubjectLength = 200;

/** Sends notifications as mails of plain text, so that there is no markup to be misled by. */
export class EmailChannel implements Channel {
  readonly name: string;
  readonly kind = 'email';
  readonly #target: EmailTarget;
  readonly #transport: MailTransport;

  constructor(name: string, target: EmailTarget, transport: MailTransport) {
    this.name = name;
    this.#target = target;
    this.#transport = transport;
  }

  /** The signal cannot call a mail back; the transport has time-outs of its own. */
  async deliver(notification: Notification): Promise<void> {
    const { from, to, ...wording } = this.#target;
    const { title, lines } = messageOf(notification, wording, plainLine);
    const text = `${fitted(title, ['', ...lines], maxBytes)}\n`;
    // Marks it as nothing that a person sent, so that nobody's absence is announced to the service: RFC 3834.
    const headers = { 'Auto-Submitted': 'auto-generated' };
    try {
      await this.#transport.sendMail({ from, to: [...to], subject: plainLine(title).slice(0, maxSubjectLength), text, headers });
    } catch (error) {
      throw new DeliveryError({ reason: smtpReason(error), isRetryable: !isPermanent(error) });
    }
  }

  close(): void {
    this.#transport.close?.();
  }
}

/** An answer of the server is a number, and its text may say anything. */
function smtpReason(error: unknown): string {
  const answer = answerOf(error);
  return answer === undefined ? reasonOf(error, 'mail') : `smtp-${answer}`;
}

/** @see https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 */
function isPermanent(error: unknown): boolean {
  return (answerOf(error) ?? 0) >= 500;
}

function answerOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('responseCode' in error)) return undefined;
  return typeof error.responseCode === 'number' ? error.responseCode : undefined;
}
