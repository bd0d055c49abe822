"""Sessions as Redis holds them: bytes, because a history as JSON takes three times the memory.

history  B version, I4 log, I8 offset, I8 time of the newest click (ms), then for each item, newest first:
         B type, I4 age (ms before the newest click), I2 length of the SKU, its bytes
vector   I4 log, I8 offset, B length of the encoder's id, its bytes, then the numbers (little-endian fp16)

All big-endian but the numbers. The scripts write histories, so both sides are here.
"""

import struct
from typing import Final

from schemas.clicks import CLICK_TYPES
from schemas.sessions import History, Item, Place, SessionVector

VERSION: Final = 1
HEAD: Final = struct.Struct(">BIQQ")
PLACE_BYTES: Final = 13
"""Version, log and offset: histories with the same first bytes are the same."""
ITEM: Final = struct.Struct(">BIH")
VECTOR: Final = struct.Struct(">IQB")

COUNT: Final = """
-- KEYS: history. ARGV: log, most items, longest age ms, TTL ms, how many types there are, then offset, time ms, type,
-- SKU of each click. Counts each click once: an offset up to the last one that was counted is refused. What is no
-- history, or has a type that is not known here, is begun anew. Returns how many counted, history.
local log, items_max, age_max, types = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local last, newest, items = -1, 0, {}
local raw = redis.pcall('GET', KEYS[1])
local known = type(raw) == 'string' and pcall(function()
  local version, its_log, offset, time, at = struct.unpack('>BI4I8I8', raw)
  assert(version == 1)
  local found = {}
  while at <= #raw do
    local kind, age, length, sku
    kind, age, length, at = struct.unpack('>BI4I2', raw, at)
    assert(kind < types and at + length - 1 <= #raw)
    found[#found + 1] = {kind, age, string.sub(raw, at, at + length - 1)}
    at = at + length
  end
  if its_log == log then last = offset end
  newest, items = time, found
end)
local counted = 0
for i = 6, #ARGV, 4 do
  local offset, time, kind, sku = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), ARGV[i + 3]
  if offset > last then
    local kept = {{kind, 0, sku}}
    for _, item in ipairs(items) do
      local age = math.max(0, item[2] + time - newest)
      if age <= age_max then
        if item[3] == sku then
          kept[1][1] = math.max(kind, item[1])
        elseif #kept < items_max then
          kept[#kept + 1] = {item[1], age, item[3]}
        end
      end
    end
    items, newest, last, counted = kept, time, offset, counted + 1
  end
end
if counted == 0 and known then return {0, raw} end
local parts = {struct.pack('>BI4I8I8', 1, log, math.max(last, 0), newest)}
for _, item in ipairs(items) do
  parts[#parts + 1] = struct.pack('>BI4I2', item[1], item[2], #item[3]) .. item[3]
end
local value = table.concat(parts)
if counted > 0 then redis.call('SET', KEYS[1], value, 'PX', ARGV[4]) end
return {counted, value}
"""
PUT: Final = """
-- KEYS: history, vector. ARGV: first bytes of the history the vector was made from, vector, TTL ms.
-- Keeps the vector unless the history has gone on meanwhile, or was forgotten: then it holds no items.
local raw = redis.pcall('GET', KEYS[1])
if type(raw) ~= 'string' or #raw <= 21 or string.sub(raw, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
"""
FORGET: Final = """
-- KEYS: history, vector. Leaves only how far was counted, so that no click comes back by being delivered again.
redis.call('DEL', KEYS[2])
local raw = redis.pcall('GET', KEYS[1])
if type(raw) ~= 'string' or #raw < 21 then return redis.call('DEL', KEYS[1]) end
if #raw == 21 then return 0 end
redis.call('SET', KEYS[1], string.sub(raw, 1, 21), 'KEEPTTL')
return 1
"""


def read_history(raw: bytes) -> History:
    """Raises ValueError when the bytes are not a history."""
    try:
        version, log, offset, newest_ms = HEAD.unpack_from(raw)
        if version != VERSION:
            raise ValueError(f"version {version} of a history is not known here")
        at, items = HEAD.size, []
        while at < len(raw):
            kind, age_ms, length = ITEM.unpack_from(raw, at)
            at += ITEM.size + length
            if at > len(raw):
                raise ValueError("the history is cut")
            items.append(Item(raw[at - length : at].decode(), CLICK_TYPES[kind], newest_ms - age_ms))
    except (struct.error, IndexError) as error:
        raise ValueError(f"not a history: {error}") from error
    return History(Place(log, offset), tuple(items))


def history_head(place: Place) -> bytes:
    """The first bytes of every history at this place."""
    return HEAD.pack(VERSION, *place, 0)[:PLACE_BYTES]


def write_vector(vector: SessionVector) -> bytes:
    encoder = vector.encoder.encode()
    return VECTOR.pack(*vector.place, len(encoder)) + encoder + vector.fp16


def read_vector(raw: bytes) -> SessionVector:
    """Raises ValueError when the bytes are not a vector."""
    try:
        log, offset, length = VECTOR.unpack_from(raw)
    except struct.error as error:
        raise ValueError(f"not a session vector: {error}") from error
    end = VECTOR.size + length
    return SessionVector(Place(log, offset), raw[VECTOR.size : end].decode(), raw[end:])
