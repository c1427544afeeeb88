/** Starts a bridge, tells its process and port, and waits to be killed. */
import { startOracleDouble } from '../start.ts';

const double = await startOracleDouble();
if (process.argv[2] === 'frozen') await double.freeze();
console.log(double.port);
setInterval(() => {}, 60_000);
