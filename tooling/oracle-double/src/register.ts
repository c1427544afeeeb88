/**
 * `node --import` this file, and whoever imports `oracledb` gets the double.
 */
import { registerHooks } from 'node:module';

const driverUrl = new URL('driver.ts', import.meta.url).href;
/** The one who asks for the real driver. */
const internalsUrl = new URL('internals.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== 'oracledb' || context.parentURL === internalsUrl) return nextResolve(specifier, context);
    return { url: driverUrl, shortCircuit: true };
  },
});
