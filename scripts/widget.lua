-- Widget requests, the widgets they make, and where a widget is kept.
-- A request is JSON text from a stranger: `parse` takes it only when every rule holds, and names
-- the member that breaks one. A widget is what the store holds:
--   { id, owner, label, description, otherAttributes = { { name, value }, … } }
local tide = require "tidegate"

local M = {}

-- What one queue message can carry; requests from buckets and directories keep the same limit.
local BODY_MAX = 1024 * 1024
-- Bytes of an id or a name. Each becomes part of a key, and file systems stop there; two such
-- parts stay far below the 1,024 bytes of a whole key.
local TEXT_MAX = 255

-- Requests say the short words; the published schema lists the long ones.
local TYPES = {
  create = "create", WidgetCreateRequest = "create",
  update = "update", WidgetUpdateRequest = "update",
  delete = "delete", WidgetDeleteRequest = "delete",
}

-- Bytes of a whole widget, counted as DynamoDB does. It takes 409,600; the rest is left to
-- bookkeeping. One rule for all stores, so that a widget can move from one to another.
local WIDGET_MAX = 400000

-- What the keys of a bucket begin with, and whether the owner is part of them (-wkp, -uop).
M.prefix = "widgets/"
M.use_owner = true

-- Names that no other attribute may take: a table keeps all members of a widget side by side. To
-- these comes the name of the key, when the table of the command line calls it otherwise.
M.reserved = { id = true, owner = true, label = true, description = true, _tidegate = true,
  _tidegate_expires = true }

-- The rules. Each gets a string and answers what is wrong with it, or nothing.

local function type_problem(text)
  if not TYPES[text] then return "expected create, update or delete" end
end

local function name_problem(text)
  if text == "" then return "must not be empty" end
  if #text > TEXT_MAX then return ("has %d bytes, the limit is %d"):format(#text, TEXT_MAX) end
  if text:find("[\0-\31\127]") or text:find("\xC2[\x80-\x9F]") then
    return "has a control character"
  end
end

-- An id may be any text and is kept byte for byte; but it is the last part of a key, so it must
-- not be able to leave the folder of its owner.
local function id_problem(text)
  if text == "." or text == ".." then return "must not be . or .." end
  if text:find("/", 1, true) then return "must not have a slash" end
  return name_problem(text)
end

local function owner_problem(text)
  if not text:find("^[A-Za-z ]+$") then return "expected letters and spaces only" end
  if not text:find("[A-Za-z]") then return "expected at least one letter" end
  return name_problem(text)
end

local REQUEST = {
  { name = "type", required = true, problem = type_problem },
  { name = "requestId", required = true, problem = name_problem },
  { name = "widgetId", required = true, problem = id_problem },
  { name = "owner", required = true, problem = owner_problem },
  { name = "label", nullable = true },
  { name = "description", nullable = true },
}

local ATTRIBUTE = {
  { name = "name", required = true, problem = name_problem },
  { name = "value", required = true, nullable = true },
}

local function is_object(value)
  return type(value) == "table" and not tide.is_array(value)
end

local function kind(value)
  if value == tide.null then return "null" end
  if type(value) == "table" then return is_object(value) and "an object" or "an array" end
  return "a " .. type(value)
end

local function field_problem(field, value)
  if value == nil then return field.required and "is missing" or nil end
  if value == tide.null and field.nullable then return nil end
  if type(value) ~= "string" then return "expected a string, got " .. kind(value) end
  return field.problem and field.problem(value)
end

-- The members that `fields` lists; null reads as absent, and members that are not listed are fine.
local function read_fields(json, fields, path)
  local read = {}
  for _, field in ipairs(fields) do
    local value = json[field.name]
    local problem = field_problem(field, value)
    if problem then return nil, path .. field.name .. ": " .. problem end
    if value ~= tide.null then read[field.name] = value end
  end
  return read
end

local function read_attribute(item, i)
  local path = ("otherAttributes[%d]"):format(i - 1) -- from 0, as jq and JSONPath count
  if is_object(item) then return read_fields(item, ATTRIBUTE, path .. ".") end
  return nil, path .. ": expected an object, got " .. kind(item)
end

-- The attributes, and the reserved names among them. Of two with one name the last one counts, in
-- the place of the first, in every store. A value of null says nothing about its attribute.
local function read_attributes(items)
  if items == nil or items == tide.null then return {}, {} end
  if not tide.is_array(items) then
    return nil, "otherAttributes: expected an array, got " .. kind(items)
  end
  local list, ignored, place = {}, {}, {}
  for i, item in ipairs(items) do
    local attribute, reason = read_attribute(item, i)
    if not attribute then return nil, reason end
    if M.reserved[attribute.name] then
      ignored[#ignored + 1] = attribute.name
    elseif attribute.value then
      local at = place[attribute.name] or #list + 1
      list[at], place[attribute.name] = attribute, at
    end
  end
  return list, ignored
end

local function decode(body)
  if body == "" then return nil, "the request is empty (0 bytes)" end
  if #body > BODY_MAX then
    return nil, ("the request has %d bytes, the limit is %d"):format(#body, BODY_MAX)
  end
  local json, problem = tide.json.decode(body)
  if json == nil then return nil, "not JSON: " .. problem end
  if not is_object(json) then return nil, "the request: expected an object, got " .. kind(json) end
  return json
end

-- JSON text → request, or nil and the reason with the path of the member at fault. A request has
-- type (the short word), requestId, widgetId, owner, label, description, otherAttributes, and
-- `ignored`: the names of attributes that were left out because they are reserved.
function M.parse(body)
  local json, reason = decode(body)
  if not json then return nil, reason end
  local request, attributes, ignored
  request, reason = read_fields(json, REQUEST, "")
  if not request then return nil, reason end
  attributes, ignored = read_attributes(json.otherAttributes)
  if not attributes then return nil, ignored end
  request.type = TYPES[request.type]
  request.otherAttributes, request.ignored = attributes, ignored
  return request
end

-- Owners that are written differently may be one: so their keys say.
function M.folded(owner)
  return (owner:gsub(" ", "-"):lower())
end

-- Where a bucket keeps a request's widget: widgets/mary-matthews/8123f304-…
function M.key(request)
  local folder = M.use_owner and M.folded(request.owner) .. "/" or ""
  return M.prefix .. folder .. request.widgetId
end

-- Does the widget belong to somebody else? Where the owner is no part of the key, ids of two
-- owners can meet.
function M.is_foreign(widget, request)
  return type(widget.owner) == "string" and M.folded(widget.owner) ~= M.folded(request.owner)
end

-- The widget that a create makes: all its data, texts that are absent as null.
function M.create(request)
  return {
    id = request.widgetId,
    owner = request.owner,
    label = request.label or tide.null,
    description = request.description or tide.null,
    otherAttributes = tide.array(request.otherAttributes),
  }
end

-- A text after an update: absent leaves it as it was, "" makes it null.
local function changed(old, new)
  if new == nil then return old end
  return new ~= "" and new or tide.null
end

-- The attributes after an update, those not mentioned in their places: "" removes one, any other
-- value sets it, and those that the widget lacked come last.
local function merged(old, new)
  local list, value_of = {}, {}
  for _, attribute in ipairs(new) do value_of[attribute.name] = attribute.value end
  local function keep(attribute)
    if attribute.value ~= "" then list[#list + 1] = attribute end
    value_of[attribute.name] = nil
  end
  for _, attribute in ipairs(type(old) == "table" and old or {}) do
    local name, value = attribute.name, value_of[attribute.name]
    if value then keep { name = name, value = value } else list[#list + 1] = attribute end
  end
  for _, attribute in ipairs(new) do
    if value_of[attribute.name] then keep(attribute) end
  end
  return tide.array(list)
end

-- The widget after an update, a table of its own. Id and owner never change.
function M.update(current, request)
  local widget = {}
  for name, value in pairs(current) do widget[name] = value end
  widget.label = changed(current.label, request.label)
  widget.description = changed(current.description, request.description)
  widget.otherAttributes = merged(current.otherAttributes, request.otherAttributes)
  return widget
end

-- Bytes of a value. What is no text came from somebody else, and may be all that an item can hold.
local function size_of(value)
  if value == tide.null then return 1 end
  if type(value) ~= "table" then return #tostring(value) end
  local size = 3
  for name, inner in pairs(value) do
    size = size + 1 + (type(name) == "string" and #name or 0) + size_of(inner)
  end
  return size
end

-- Why the widget cannot be kept, or nil. `beside` are the bytes of what is kept with it.
function M.problem(widget, beside)
  local size = beside or 0
  for name, value in pairs(M.to_item(widget, "id")) do size = size + #name + size_of(value) end
  if size <= WIDGET_MAX then return nil end
  return ("the widget would have %d bytes%s, the limit is %d"):format(size,
    beside and " with its ledger" or "", WIDGET_MAX)
end

-- Widget → the item of a table whose key is called `key`: each member and each other attribute is
-- an attribute of its own, and the id stands under the key's name alone. A text that is null is
-- absent.
function M.to_item(widget, key)
  local item = {}
  for name, value in pairs(widget) do
    local absent = value == tide.null and (name == "label" or name == "description")
    if name ~= "otherAttributes" and name ~= "id" and not absent then item[name] = value end
  end
  item[key] = widget.id
  local others = widget.otherAttributes
  for _, attribute in ipairs(type(others) == "table" and others or {}) do
    if item[attribute.name] == nil then item[attribute.name] = attribute.value end
  end
  return item
end

local MEMBERS = { owner = true, label = true, description = true }
local OURS = { id = true, otherAttributes = true } -- members of a widget, no attributes of an item

-- Item → widget. A table keeps no order, so the other attributes come by name. What somebody else
-- wrote that is no string becomes a member, as it is.
function M.from_item(item, key)
  local widget = { id = item[key], label = tide.null, description = tide.null }
  local list = {}
  for name, value in pairs(item) do
    local other = type(value) == "string" and not MEMBERS[name] or OURS[name]
    if name ~= key and other then
      list[#list + 1] = { name = name, value = value }
    elseif name ~= key then
      widget[name] = value
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  widget.otherAttributes = tide.array(list)
  return widget
end

return M
