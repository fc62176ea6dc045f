-- change on a bucket: the value is the object's body, its ETag tells whether somebody wrote, and
-- the book is one line of JSON in the object's metadata.
local tide = require "tidegate"

local M = {}

local BOOK = "tidegate-book"

-- Metadata is ASCII. JSON is so outside of its strings, and in them \u says the same.
local function ascii(json)
  return (json:gsub("[\x7F\xC2-\xF4][\x80-\xBF]*", function(char)
    local code = utf8.codepoint(char)
    if code < 0x10000 then return ("\\u%04x"):format(code) end
    code = code - 0x10000
    return ("\\u%04x\\u%04x"):format(0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
  end))
end

local function book_of(meta)
  local text = meta.metadata and meta.metadata[BOOK]
  local book = text and tide.json.decode(text)
  return type(book) == "table" and book or {}
end

local function encode_json(value)
  local body, problem = tide.json.encode(value)
  return body, body and "application/json" or problem
end

-- What stands under the key: {value, etag, book}; without value and etag when nothing does.
function M.read(store, key, opts)
  local body, meta = store:get(key)
  if body then
    local value, problem = (opts.decode or tide.json.decode)(body)
    if value == nil then return { problem = problem or "it cannot be decoded" } end
    return { value = value, etag = meta.etag, book = book_of(meta) }
  end
  if meta.code == "NoSuchKey" then return { book = {} } end
  return nil, meta
end

-- After a lost race; what the store refused with says nothing of what stands there.
function M.again(store, key, _, opts)
  return M.read(store, key, opts)
end

function M.write(store, key, found, value, book, opts)
  local body, content_type = (opts.encode or encode_json)(value)
  if not body then error(("change %s: cannot encode the value: %s"):format(key, content_type)) end
  return store:put(key, body, {
    content_type = content_type,
    if_match = found.etag,
    if_none_match = not found.etag and "*" or nil,
    metadata = next(book) and { [BOOK] = ascii(assert(tide.json.encode(book))) } or nil,
  })
end

function M.delete(store, key, found)
  return store:delete(key, { if_match = found.etag })
end

return M
