import type OracleDriver from 'oracledb';
import type { Driver } from '../binds.ts';

/** A statement that the database took. */
export interface Recorded {
  readonly text: string;
  /** Written by hand, in a test or in what reads the dictionary: our style does not hold for it. */
  readonly isHandWritten: boolean;
}

/** @returns the driver, which also writes down each statement that was taken */
export function recording(driver: Driver, statements: Map<string, Recorded>): Driver {
  const note = (text: string, isHandWritten: boolean): void => {
    statements.set(`${isHandWritten} ${text}`, { text, isHandWritten });
  };
  const getConnection = async (options: OracleDriver.ConnectionAttributes): Promise<OracleDriver.Connection> => {
    const connection = await driver.getConnection(options);
    const execute = connection.execute.bind(connection);
    const executeMany = connection.executeMany.bind(connection);
    return Object.assign(connection, {
      async execute(text: string, binds: OracleDriver.BindParameters = [], settings: OracleDriver.ExecuteOptions = { keepInStmtCache: false }) {
        const result = await execute(text, binds, settings);
        note(text, settings.keepInStmtCache === false);
        return result;
      },
      async executeMany(text: string, binds: OracleDriver.BindParameters[], settings: OracleDriver.ExecuteManyOptions) {
        const result = await executeMany(text, binds, settings);
        note(text, false);
        return result;
      },
    });
  };
  return Object.create(driver, { getConnection: { value: getConnection } });
}
