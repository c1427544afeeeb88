/** Runs a statement with what `oracledb` is to this process: the first argument says where, the second what. */
import oracledb from 'oracledb';

const connection = await oracledb.getConnection({ user: 'midgard', password: 'midgard', connectString: process.argv[2] ?? '' });
const { rows } = await connection.execute(process.argv[3] ?? '');
await connection.close();
console.log(JSON.stringify(rows));
