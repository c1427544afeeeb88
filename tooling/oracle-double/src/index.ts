export { findOracleDouble, type OracleDoubleTools } from './bridge-program.ts';
export { startOracleDouble, type OracleDouble } from './start.ts';
