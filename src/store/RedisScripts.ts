/**
 * The Lua scripts of a jar in Redis (5). Each one runs alone, so it compares and writes at once. KEYS[1] is the hash.
 *
 * A read names the ID that was the newest at the read before. If `changes` still has it, the keys above it are all that was
 * written since, and only they are returned. If not, all records are returned: for a long absence, and for a server that has lost
 * writes, such as a replica that became the primary. IDs are random, so a server with another history does not have them; and
 * they are written at once with the records, so no copy of the hash has one without the other.
 */
import { NOW } from './RedisCommands.js'

/** Not the key of a record: those begin with `[` or `sha256:`. */
export const CHANGES = 'changes'

/**
 * Octets of `changes`, for some 20 writes: each write copies them. The last line may be cut, which does no harm: it is below all
 * IDs that are complete.
 */
const MAX_CHANGES = 2000

/** ARGV: the newest ID that is known. Returns the time, the size, the newest ID, `1` if only changes follow, keys and values. */
export const READ = `${NOW}
local changes = redis.call('HGET', KEYS[1], '${CHANGES}')
local size = redis.call('HLEN', KEYS[1]) - (changes and 1 or 0)
local newest = changes and string.match(changes, '^#([%x.]+)\\n') or ''
local known = changes and string.find(changes, '#' .. ARGV[1] .. '\\n', 1, true)
if not known then return { now, size, newest, '0', redis.call('HGETALL', KEYS[1]) } end
local found, isFound = {}, {}
for key in string.gmatch(string.sub(changes, 1, known - 1), '([^#\\n][^\\n]*)\\n') do
  local value = not isFound[key] and redis.call('HGET', KEYS[1], key)
  isFound[key] = true
  if value then
    found[#found + 1] = key
    found[#found + 1] = value
  end
end
return { now, size, newest, '1', found }`

/** Returns `changes` after a write of keys. ARGV[1]: the ID, without the time. */
const CHANGES_AFTER = `local function changesAfter(keys)
  local before = redis.call('HGET', KEYS[1], '${CHANGES}') or ''
  local lines = { '#' .. ARGV[1] .. '.' .. time[1] .. '.' .. time[2], table.concat(keys, '\\n'), before }
  return string.sub(table.concat(lines, '\\n'), 1, ${MAX_CHANGES})
end`

/** Writes keys and values. */
const SAVE = `${CHANGES_AFTER}
local function save(written)
  local keys = {}
  for i = 1, #written, 2 do keys[#keys + 1] = written[i] end
  if #keys > 0 then redis.call('HSET', KEYS[1], '${CHANGES}', changesAfter(keys), unpack(written)) end
end`

/**
 * ARGV: the ID, and then key, milliseconds, counter, removed, end, text, again and again. Returns key and value of those with the
 * same time.
 */
export const WRITE = `${NOW}
${SAVE}
local same, written = {}, {}
for i = 2, #ARGV, 6 do
  local ms, n, removed = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local oldMs, oldN, oldRemoved, oldText
  if old then
    oldMs, oldN, oldRemoved, oldText = string.match(old, '^(%S+) (%S+) (%S+) %S+ %S+ (.*)$')
    oldMs, oldN, oldRemoved = tonumber(oldMs), tonumber(oldN), tonumber(oldRemoved)
  end
  local isKnown = oldMs and oldN and oldRemoved
  local isOlder = isKnown and (oldMs < ms or (oldMs == ms and (oldN < n or (oldN == n and oldRemoved < removed))))
  if not isKnown or isOlder then
    local value = { ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], now, ARGV[i + 5] }
    written[#written + 1] = ARGV[i]
    written[#written + 1] = table.concat(value, ' ')
  elseif oldMs == ms and oldN == n and oldRemoved == removed and oldText ~= ARGV[i + 5] then
    same[#same + 1] = ARGV[i]
    same[#same + 1] = old
  end
end
save(written)
return same`

/** ARGV: the ID, and then key, old text, new value without its text and the time of storing, new text, again and again. */
export const REPLACE = `${NOW}
${SAVE}
local written = {}
for i = 2, #ARGV, 4 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old and string.match(old, '^%S+ %S+ %S+ %S+ %S+ (.*)$') == ARGV[i + 1] then
    written[#written + 1] = ARGV[i]
    written[#written + 1] = table.concat({ ARGV[i + 2], now, ARGV[i + 3] }, ' ')
  end
end
save(written)
return {}`

/** ARGV: the ID, and then key, text, again and again. */
export const REMOVE = `${NOW}
${CHANGES_AFTER}
local removed = {}
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old and string.match(old, '^%S+ %S+ %S+ %S+ %S+ (.*)$') == ARGV[i + 1] then removed[#removed + 1] = ARGV[i] end
end
if #removed > 0 then
  redis.call('HSET', KEYS[1], '${CHANGES}', changesAfter(removed))
  redis.call('HDEL', KEYS[1], unpack(removed))
end
return {}`
