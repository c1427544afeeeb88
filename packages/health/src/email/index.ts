export { smtpTransport, type SmtpOptions } from './smtp-transport.ts';
