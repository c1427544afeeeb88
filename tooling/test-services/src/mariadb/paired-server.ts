import { administer } from './administer.ts';
import type { MariaDbPrograms } from './installation.ts';
import { MariaDbServer } from './mariadb-server.ts';

const catchUpWithinSeconds = 30;

const logSettings = {
  'log-bin': 'binlog',
  'relay-log': 'relay',
  'log-slave-updates': 'ON',
  'gtid-strict-mode': 'ON',
  // A frozen source is noticed within this time, in seconds; the server's default is a minute.
  'slave-net-timeout': '10',
};

/** What makes one server of a pair differ from the other. */
export interface PairPlace {
  readonly serverId: number;
  /** Of the GTIDs of its own writes. Servers that both write need their own, or strict mode stops them. */
  readonly domainId: number;
  readonly isReadOnly: boolean;
}

/**
 * A MariaDB that another follows, or that follows another, by GTID. Unlike `root` of a single server, `root` of its URL is bound by
 * `read_only`, as an application is; who comes by {@link MariaDbServer.socketPath} is not.
 */
export class PairedMariaDb extends MariaDbServer {
  readonly #domainId: number;
  #source: PairedMariaDb | undefined;

  /** Use `startMariaDbPair`. */
  constructor(programs: MariaDbPrograms, port: number, { serverId, domainId, isReadOnly }: PairPlace) {
    const place = { 'server-id': `${serverId}`, 'gtid-domain-id': `${domainId}`, 'read-only': isReadOnly ? 'ON' : 'OFF' };
    super(programs, port, { ...logSettings, ...place });
    this.#domainId = domainId;
  }

  /** Binds `root` of the URL by `read_only`, without a word of it in the binary log. */
  async bindRoot(): Promise<void> {
    await administer(this, ['SET SESSION sql_log_bin = 0', `REVOKE SUPER, READ ONLY ADMIN ON *.* FROM root@'127.0.0.1'`]);
  }

  /** Takes over what `source` writes from now on and all that it has in its binary log. */
  async follow(source: PairedMariaDb): Promise<void> {
    const place = `MASTER_HOST = '127.0.0.1', MASTER_PORT = ${source.port}, MASTER_USER = 'root'`;
    await administer(this, [`CHANGE MASTER TO ${place}, MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1`, 'START SLAVE']);
    this.#source = source;
  }

  /** Receives and applies nothing more; what was applied stays readable. */
  async stopReplication(): Promise<void> {
    await administer(this, ['STOP SLAVE']);
  }

  /** Goes on where it stopped. */
  async startReplication(): Promise<void> {
    await administer(this, ['START SLAVE']);
  }

  /**
   * Applies each transaction so long after its commit at the source; also those that wait for their time now.
   *
   * @param seconds whole; 0 ends the delay
   */
  async delayBy(seconds: number): Promise<void> {
    await administer(this, ['STOP SLAVE', `CHANGE MASTER TO MASTER_DELAY = ${seconds}`, 'START SLAVE']);
  }

  /**
   * Waits until this server has applied everything that its source has written.
   *
   * @param withinSeconds also a fraction (30)
   * @throws if it follows nobody, or has not come so far in that time; with what keeps it
   */
  async waitForReplica(withinSeconds = catchUpWithinSeconds): Promise<void> {
    const { position } = await administer(this.#followed, ['SELECT @@gtid_binlog_pos AS position']);
    await this.#waitFor(position, withinSeconds);
  }

  /**
   * Applies everything that it has received, also of a source that is gone: the first step of who makes it the primary.
   *
   * @param withinSeconds also a fraction (30)
   * @throws if it follows nobody, or has not come so far in that time; with what keeps it
   */
  async applyReceived(withinSeconds = catchUpWithinSeconds): Promise<void> {
    const { Gtid_IO_Pos: received } = await administer(this, ['START SLAVE SQL_THREAD', 'SHOW ALL SLAVES STATUS']);
    await this.#waitFor(received, withinSeconds);
  }

  /** Makes it the one that is written to: it follows nobody and is not read-only, until it is started again. */
  async promote(): Promise<void> {
    await administer(this, ['STOP SLAVE', 'SET GLOBAL read_only = 0']);
  }

  get #followed(): PairedMariaDb {
    if (this.#source === undefined) throw new Error('this MariaDB follows no other');
    return this.#source;
  }

  async #waitFor(position: unknown, withinSeconds: number): Promise<void> {
    // Its log also holds what it took over from us, which we do not take back.
    const written = String(position)
      .split(',')
      .find((gtid) => gtid.startsWith(`${this.#followed.#domainId}-`));
    if (written === undefined) return;
    const { timedOut } = await administer(this, [`SELECT MASTER_GTID_WAIT('${written}', ${withinSeconds}) AS timedOut`]);
    if (timedOut === 0) return;
    const { Gtid_Slave_Pos: reached, Last_IO_Error: receiving, Last_SQL_Error: applying } = await administer(this, ['SHOW ALL SLAVES STATUS']);
    throw new Error(`the replica is at '${String(reached)}' and not at '${written}'; ${String(receiving)}; ${String(applying)}`);
  }
}
