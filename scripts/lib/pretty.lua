-- Texts from strangers, made fit for a terminal: JSON with one member a line, anything else with
-- escapes for what could move a cursor or fool a reader.
local tide = require "tidegate"

local M = {}

local INDENT = "  "

-- Control characters of ISO 6429 (C1), and those that turn the direction of a text: what the log
-- does not show either (src/base/printable.c).
local function is_hidden(code)
  return code >= 0x7F and code < 0xA0 or code == 0x061C or code >= 0x200E and code <= 0x200F
    or code >= 0x2028 and code <= 0x202E or code >= 0x2066 and code <= 0x2069 or code == 0xFEFF
end

local function bytes_escaped(text)
  return (text:gsub(".", function(byte) return ("\\x%02X"):format(byte:byte()) end))
end

-- The characters that `is_wrong`, written by `escape`; bytes that are no UTF-8 as \xNN.
local function escaped(text, is_wrong, escape)
  local parts, at = {}, 1
  while at <= #text do
    local valid, bad = utf8.len(text, at)
    local last = valid and #text or bad - 1
    for _, code in utf8.codes(text:sub(at, last)) do
      parts[#parts + 1] = is_wrong(code) and escape(code) or utf8.char(code)
    end
    if not valid then parts[#parts + 1] = bytes_escaped(text:sub(bad, bad)) end
    at = valid and #text + 1 or bad + 1
  end
  return table.concat(parts)
end

local function as_hex(code)
  return code < 0x80 and ("\\x%02X"):format(code) or ("\\u{%X}"):format(code)
end

-- One line: every control character is escaped, line ends as well.
function M.line(text)
  if not text:find "[^\32-\126]" then return text end
  return escaped(text, function(code) return code < 32 or is_hidden(code) end, as_hex)
end

-- Several lines: line ends and tabs stay.
function M.lines(text)
  if not text:find "[^\t\n\32-\126]" then return text end
  return escaped(text, function(code)
    return code < 32 and code ~= 9 and code ~= 10 or is_hidden(code)
  end, as_hex)
end

-- JSON's own escape says the same to a parser.
local function as_json(code)
  return ("\\u%04X"):format(code)
end

local function string_escaped(text)
  if not text:find "[\127-\255]" then return text end
  return escaped(text, is_hidden, as_json)
end

-- Where the string ends that begins at `at`.
local function string_end(json, at)
  repeat
    at = json:find('["\\]', at + 1)
    local escape = json:byte(at) == 0x5C
    if escape then at = at + 1 end
  until not escape
  return at
end

-- The tokens of a valid JSON text: strings, marks, and words for all the rest.
local function tokens(json)
  local at = 1
  return function()
    at = json:find("[^ \t\r\n]", at)
    if not at then return nil end
    local mark, last = json:sub(at, at), at
    if mark == '"' then
      last = string_end(json, at)
    elseif not mark:find "[%[%]{}:,]" then
      last = (json:find("[ \t\r\n%[%]{}:,]", at) or #json + 1) - 1
    end
    local token = json:sub(at, last)
    at = last + 1
    return token, mark
  end
end

-- The same JSON, indented; nil and the problem when it is none. Members keep their order, numbers
-- and texts their spelling.
function M.json(text)
  local value, problem = tide.json.decode(text)
  if value == nil then return nil, problem end
  local parts, depth, last = {}, 0, ""
  local function add(part) parts[#parts + 1] = part end
  local function new_line() add("\n" .. INDENT:rep(depth)) end
  for token, mark in tokens(text) do
    local closes = mark == "}" or mark == "]"
    if closes then depth = depth - 1 end
    if closes and last ~= "{" and last ~= "[" then new_line() end
    if not closes and (last == "{" or last == "[" or last == ",") then new_line() end
    add(mark == '"' and string_escaped(token) or token)
    if mark == ":" then add " " end
    if mark == "{" or mark == "[" then depth = depth + 1 end
    last = mark
  end
  return table.concat(parts)
end

return M
