import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ReadMetric, Registry } from '@midgard/metrics';
import { CertificateFolder, startRedis } from '@midgard/test-services';
import { compose } from '../compose.ts';
import { readSettings } from '../config.ts';
import { primaryMetrics } from '../processes/primary-metrics.ts';

/** Every metric that the service can have: it is started with all that brings some, and stopped again. */
export async function everyMetric(): Promise<readonly ReadMetric[]> {
  await using redis = await startRedis();
  using certificates = new CertificateFolder();
  certificates.selfSigned('front');
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-metrics-'));
  const settings = readSettings({
    MIDGARD_DATA_DIR: folder,
    MIDGARD_SERVER_TCP_PORT: '0',
    MIDGARD_SERVER_HTTP_PORT: '0',
    MIDGARD_SERVER_TCP_TLS: JSON.stringify({ certFile: certificates.file('front.crt'), keyFile: certificates.file('front.key') }),
    MIDGARD_CACHE_REDIS_URL: redis.url,
    MIDGARD_CDN_PURGE_URL: 'http://127.0.0.1:9/purge',
    MIDGARD_CDN_PURGE_AUTH_VALUE: 'only to have it',
    MIDGARD_MEMORY_IDLE_GC_ENABLED: 'true',
    MIDGARD_PROFILING_BLOCKED_MS: '60000',
    MIDGARD_TRACING_ENABLED: 'true',
    MIDGARD_LOG_LEVEL: 'fatal',
    MIDGARD_LOG_FILES_DIR: path.join(folder, 'logs'),
  });
  // A misspelt setting would leave its metrics out, and nobody would notice.
  if (settings.warnings.length > 0) throw new Error(settings.warnings.join('; '));
  try {
    const service = await compose(settings);
    const metrics: ReadMetric[] = [];
    service.registry.onMetric((metric) => metrics.push(metric))();
    const ofPrimary = new Registry();
    primaryMetrics(ofPrimary, () => ({ serving: 0, of: 0, isShedding: false }));
    ofPrimary.onMetric((metric) => metrics.push(metric))();
    await service.stop();
    return metrics;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
