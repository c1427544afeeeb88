import type { Config } from '../../config-schema.ts';
import { SetupError } from '../../setup-error.ts';
import { readCertificate } from '../../transport/certificate.ts';
import { type FrontEnd, frontEnds, isReadByOthers } from '../../transport/transport-rules.ts';

/** The certificate of a front end, as the doctor found it. */
export interface CertificateReport {
  readonly endpoint: FrontEnd;
  readonly certFile: string;
  /** ISO 8601; null where it cannot be read. */
  readonly expiresAt: string | null;
  /** What is to be done; empty: nothing. */
  readonly troubles: readonly string[];
}

const dayMs = 86_400_000;
/** Let's Encrypt renews with 30 days left of 90, so with 14 something has failed for two weeks. */
const warnBeforeMs = 14 * dayMs;

/** @returns a report for each front end that has a certificate. @param now epoch milliseconds */
export function examineCertificates({ server }: Pick<Config, 'server'>, now: number): readonly CertificateReport[] {
  return frontEnds.flatMap((endpoint): readonly CertificateReport[] => {
    const { tls } = server[endpoint];
    if (tls === undefined) return [];
    const loose = isReadByOthers(tls.keyFile) ? [`${tls.keyFile} can be read by every user of this machine; chmod 600 it`] : [];
    try {
      const { expiresAt } = readCertificate(tls);
      const old =
        expiresAt - now > warnBeforeMs
          ? []
          : [expiresAt > now ? `expires in ${Math.floor((expiresAt - now) / dayMs)} days; renew it` : 'has expired; renew it'];
      return [{ endpoint, certFile: tls.certFile, expiresAt: new Date(expiresAt).toISOString(), troubles: [...old, ...loose] }];
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      return [{ endpoint, certFile: tls.certFile, expiresAt: null, troubles: [error.message, ...loose] }];
    }
  });
}

/** A report for people. */
export function lineOfCertificate({ endpoint, certFile, expiresAt, troubles }: CertificateReport): string {
  const until = expiresAt === null ? '' : `, good until ${expiresAt}`;
  return `${troubles.length === 0 ? '✓' : '!'} tls ${endpoint}  ${certFile}${until}${troubles.map((trouble) => `\n    ${trouble}`).join('')}`;
}
