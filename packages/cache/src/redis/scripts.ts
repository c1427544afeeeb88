import { createHash } from 'node:crypto';

/** A Lua script by which a server changes one key. */
export interface Script {
  readonly lua: string;
  /** What the server knows it by. */
  readonly sha: string;
}

/*
 * The layout of records is in record.ts. ARGV[1] is always the epoch of the server's process: a record of another one counts as
 * one without value and lease, and only its versions matter, so that new ones are above them.
 */
const look = `
local key, epoch = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local ms = math.floor(us / 1000)
local kind, version, leaseVersion, leaseEnd, valueEnd = 'N', 0, 0, 0, 0
local head = redis.call('GETRANGE', key, 0, 40)
if #head == 41 then
  local of
  kind, of, version, leaseVersion, leaseEnd, valueEnd = struct.unpack('>c1c8I8I8I8I8', head)
  if of ~= epoch then
    kind, leaseEnd = 'N', 0
  end
end
local hasValue = kind == 'V' and (valueEnd == 0 or ms < valueEnd)
local function above()
  return math.max(version + 1, leaseVersion + 1, us)
end
local function remembered()
  return kind == 'N' and redis.call('PTTL', key) or 0
end
local function write(kind, version, leaseVersion, leaseEnd, bytes, lastsMs)
  local header = struct.pack('>c1c8I8I8I8I8', kind, epoch, version, leaseVersion, leaseEnd, 0)
  redis.call('SET', key, header .. bytes, 'PX', lastsMs)
  return version
end
`;

function script(body: string): Script {
  const lua = look + body;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** ARGV: epoch, leaseMs, replaces. Gives the record, `{version, at}` of a lease in microseconds, or 0: busy. */
export const leaseScript: Script = script(`
local leaseMs, replaces = tonumber(ARGV[2]), tonumber(ARGV[3])
if hasValue and version > replaces then return redis.call('GET', key) end
if ms < leaseEnd then return 0 end
local granted = above()
if not hasValue then
  write('N', granted, granted, ms + leaseMs, '', math.max(leaseMs, remembered()))
  return {granted, us}
end
-- The key must not end before the lease does, nor the value live longer because of it.
local left = redis.call('PTTL', key)
if left < leaseMs then
  if valueEnd == 0 then valueEnd = ms + left end
  redis.call('PEXPIRE', key, leaseMs)
end
redis.call('SETRANGE', key, 17, struct.pack('>I8I8I8', granted, ms + leaseMs, valueEnd))
return {granted, us}
`);

/** ARGV: epoch, version of the lease, ttlMs, bytes. Gives 1, or 0: the lease has ended. */
export const storeScript: Script = script(`
if leaseVersion ~= tonumber(ARGV[2]) or ms >= leaseEnd then return 0 end
write('V', leaseVersion, 0, 0, ARGV[4], tonumber(ARGV[3]))
return 1
`);

/** ARGV: epoch, version of the lease. */
export const releaseScript: Script = script(`
if leaseVersion ~= tonumber(ARGV[2]) or ms >= leaseEnd then return 0 end
-- Where the value has ended meanwhile this is the end of the key.
if valueEnd ~= 0 then redis.call('PEXPIREAT', key, valueEnd) end
if redis.call('EXISTS', key) == 1 then redis.call('SETRANGE', key, 25, struct.pack('>I8I8', 0, 0)) end
return 1
`);

/** ARGV: epoch, ttlMs, bytes. Gives the version. */
export const putScript: Script = script(`
return write('V', above(), 0, 0, ARGV[3], tonumber(ARGV[2]))
`);

/** ARGV: epoch, rememberMs. Gives the version. */
export const invalidateScript: Script = script(`
return write('N', above(), 0, 0, '', math.max(tonumber(ARGV[2]), remembered()))
`);

/** ARGV: epoch. For records that only the server's clock can tell of: gives the version, and the record or nil. */
export const peekScript: Script = script(`
if hasValue then return {version, redis.call('GET', key)} end
if ms < leaseEnd then return {leaseVersion, false} end
return {kind == 'N' and version or 0, false}
`);
