-- What people are shown of texts from strangers.
local tide = require "tidegate"
local pretty = require "tidegate.pretty"

describe("pretty.json", function()
  it("puts each member on a line of its own, in its order and spelling", function()
    assert.equal([[
{
  "b": [
    1.50,
    -2e3,
    {}
  ],
  "a": {
    "x": null,
    "y": []
  },
  "c": true
}]], pretty.json ' {"b":[1.50,-2e3,{ }],\n"a" :{"x":null,"y":[\t]},"c":true} ')
  end)

  it("leaves strings alone, whatever stands in them", function()
    for _, text in ipairs { '"{[,:]}"', '"\\""', '"\\\\"', '"a\\\\\\"b"', '""', '"é 🌊"' } do
      assert.equal(text, pretty.json(text))
      assert.equal("{\n  " .. text .. ": " .. text .. "\n}",
        pretty.json("{" .. text .. ":" .. text .. "}"))
    end
  end)

  it("writes plain values as they are", function()
    for _, text in ipairs { "1", "true", "null", "[]", "{}" } do
      assert.equal(text, pretty.json(" " .. text .. "\n"))
    end
  end)

  it("escapes what could fool a terminal, as JSON does", function()
    assert.equal('"\\u007F\\u009B\\u202E"', pretty.json '"\u{7F}\u{9B}\u{202E}"')
    assert.equal("\u{9B}", tide.json.decode(pretty.json '"\u{9B}"'))
  end)

  for _, text in ipairs { "", "x", '{"a":1', '{"a":1}x', "1e400", "123456789012345678901" } do
    it("refuses " .. ("%q"):format(text), function()
      local none, problem = pretty.json(text)
      assert.is_nil(none)
      assert.is_string(problem)
    end)
  end
end)

describe("pretty.lines and pretty.line", function()
  local cases = {
    { "plain", "plain", "plain" },
    { "a\n\tb", "a\n\tb", "a\\x0A\\x09b" },
    { "a\r\27[31m\0", "a\\x0D\\x1B[31m\\x00", "a\\x0D\\x1B[31m\\x00" },
    { "é🌊", "é🌊", "é🌊" },
    { "\xFFé\xC3", "\\xFFé\\xC3", "\\xFFé\\xC3" },
    { "\xED\xA0\x80", "\\xED\\xA0\\x80", "\\xED\\xA0\\x80" },
    { "\u{61C}", "\\u{61C}", "\\u{61C}" },
    { "\u{9B}\u{202E}\u{7F}", "\\u{9B}\\u{202E}\\x7F", "\\u{9B}\\u{202E}\\x7F" },
    { "", "", "" },
  }

  for _, case in ipairs(cases) do
    it(("make %q of %q"):format(case[2], case[1]), function()
      assert.equal(case[2], pretty.lines(case[1]))
      assert.equal(case[3], pretty.line(case[1]))
    end)
  end
end)
