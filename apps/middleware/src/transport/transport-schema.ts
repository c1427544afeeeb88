import { z } from 'zod';

/** TLS of one front end. */
export const tlsSchema = z
  .strictObject({
    certFile: z.string().min(1).describe('Certificate in PEM, and behind it those between it and its root'),
    keyFile: z.string().min(1).describe('Its private key in PEM, without a passphrase'),
    caFile: z.string().min(1).optional().describe('Authorities in PEM that sign the certificates of clients'),
    clientCertificate: z
      .enum(['none', 'request', 'require'])
      .default('none')
      .describe('Mutual TLS: request checks the certificate of who shows one, require lets nobody else in; both need caFile'),
  })
  .refine(({ caFile, clientCertificate }) => clientCertificate === 'none' || caFile !== undefined, {
    path: ['caFile'],
    error: 'client certificates need the file of the authorities that sign them',
  });

/** The configuration of {@link tlsSchema}. */
export type TlsConfig = z.output<typeof tlsSchema>;

/** What both front ends have about their connections. */
export const transportFields = {
  tls: tlsSchema.optional().describe('TLS 1.3, and nothing older; without it the port speaks plain text'),
  allowPlaintext: z.boolean().default(false).describe('Lets production listen without TLS beyond the machine itself, as behind a proxy that ends TLS'),
  maxConnectionsPerAddress: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Open connections of one address, or of one IPv6 network of 64 bits; default none, in production 1000 over TCP and 200 over HTTP, none from loopback',
    ),
};

/** An origin as a browser writes it (RFC 6454 §6.1); no wildcard, since callers send credentials. */
const Origin = z.string().refine((text) => URL.canParse(text) && /^https?:[^*]+$/.test(text) && new URL(text).origin === text, {
  error: 'an exact origin, such as https://shop.example: scheme, host, and port where it is not the usual one; never *',
});

/** What HTTP has besides. */
export const httpTransportFields = {
  corsOrigins: z.array(Origin).default([]).describe('Origins whose pages may call; none by default'),
  maxConnections: z.int().min(1).max(1_000_000).default(20_000).describe('Open connections; those above are closed'),
  trustedProxies: z
    .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], { error: 'a network, such as 10.0.0.0/8, or an address' }))
    .default([])
    .describe('Proxies that are believed about whom they speak for, as networks or addresses'),
  forwardedHeader: z
    .enum(['X-Forwarded-For', 'Forwarded'])
    .default('X-Forwarded-For')
    .describe('The header that these proxies write; the other one is not looked at'),
};
