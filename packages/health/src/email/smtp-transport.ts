import { createTransport } from 'nodemailer';
import type { MailTransport } from '../channels/email-channel.ts';

/** Set-up of {@link smtpTransport}. */
export interface SmtpOptions {
  /** Time for each step of a delivery: connection, greeting, silence; milliseconds (default 10,000). */
  readonly timeoutMs?: number | undefined;
}

/**
 * Sends mails over SMTP, by nodemailer: a connection for each, with STARTTLS wherever the server offers it.
 *
 * @param url `smtps://user:password@mail.example.org` for TLS from the start, or `smtp://…`; it is a secret
 * @see https://nodemailer.com/smtp/
 */
export function smtpTransport(url: string, { timeoutMs = 10_000 }: SmtpOptions = {}): MailTransport {
  // Of a mail nothing is read from files or fetched from addresses, whatever its fields say.
  const safety = { disableFileAccess: true, disableUrlAccess: true };
  const transport = createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, ...safety });
  return {
    sendMail: (mail) => transport.sendMail(mail),
    close: () => transport.close(),
  };
}
