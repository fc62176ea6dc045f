-- The contract of buckets (src/base/bucket.h), through the API, on every kind of bucket:
-- TIDEGATE_CONTRACT_BUCKET names them, a number in place of %d; file: without it.
-- Nothing that is asked here may differ between them.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local contract = dofile(here .. "../support/contract.lua")
local refused = contract.refused

local PLACES = contract.places("TIDEGATE_CONTRACT_BUCKET", "file:FOLDER/%d")

-- A condition that fails on what is gone: servers differ, and both mean "read again".
local function refused_when_gone(ok, err)
  assert.is_nil(ok)
  assert.is_true(err.code == "NoSuchKey" or err.code == "PreconditionFailed", err.code)
end

for _, place in ipairs(PLACES) do
  describe("a bucket, " .. place.name, function()
    local bucket

    before_each(function() bucket = assert(tide.bucket(place.next())) end)
    teardown(place.clean)

    local function keys(opts)
      local found = {}
      for entry in bucket:each(opts) do found[#found + 1] = entry.key end
      return found
    end

    local function put_all(list)
      for _, key in ipairs(list) do assert(bucket:put(key, "x")) end
    end

    describe("keeps", function()
      it("an object with its type and metadata, byte for byte", function()
        local all = {}
        for i = 0, 255 do all[#all + 1] = string.char(i) end
        local body = table.concat(all)
        local metadata = { request = "r-1", ["x-2"] = 'a b="c"; %41~!' }
        local opts = { content_type = "text/plain", metadata = metadata }
        local put = assert(bucket:put("k", body, opts))
        local found, meta = bucket:get "k"
        assert.equal(body, found)
        assert.same(metadata, meta.metadata)
        assert.same({ "text/plain", 256, put.etag }, { meta.content_type, meta.size, meta.etag })
        assert.matches('^".+"$', meta.etag)
        assert.is_true(math.abs(meta.last_modified - tide.now()) < 60)
        assert.equal("bucket", bucket.kind)
      end)

      it("the same facts for get, head and a listing", function()
        assert(bucket:put("dir/k", "hello"))
        local _, meta = bucket:get "dir/k"
        local head = assert(bucket:head "dir/k")
        assert.same(meta, head)
        local entry = bucket:each()()
        assert.same({ "dir/k", meta.etag, 5 }, { entry.key, entry.etag, entry.size })
        assert.is_true(math.abs(entry.last_modified - meta.last_modified) <= 1)
      end)

      it("an empty body, and a type that was not said as octets", function()
        assert(bucket:put("k", ""))
        local body, meta = bucket:get "k"
        assert.same({ "", 0, "application/octet-stream" }, { body, meta.size, meta.content_type })
        assert.same({}, meta.metadata)
      end)

      it("nothing of what it replaces", function()
        local first = assert(bucket:put("k", "one", { metadata = { old = "1" } }))
        local second = assert(bucket:put("k", "two"))
        local body, meta = bucket:get "k"
        assert.same({ "two", second.etag }, { body, meta.etag })
        assert.is_true(first.etag ~= second.etag)
        assert.same({}, meta.metadata)
      end)

      it("a megabyte", function()
        local body = ("0123456789abcdef"):rep(65536) .. "end"
        assert(bucket:put("big", body))
        assert.equal(body, (bucket:get "big"))
      end)

      it("metadata of two kilobytes, and no more", function()
        local value = ("v"):rep(2047)
        assert(bucket:put("k", "x", { metadata = { m = value } }))
        assert.equal(value, assert(bucket:head "k").metadata.m)
        refused("MetadataTooLarge", bucket:put("k", "x", { metadata = { m = value, n = "" } }))
      end)
    end)

    it("knows what is absent as NoSuchKey", function()
      for _, ask in ipairs { bucket.get, bucket.head } do
        local err = refused("NoSuchKey", ask(bucket, "not/there"))
        assert.same({ 404, false }, { err.status, err.retryable })
        assert.matches("not/there", tostring(err), 1, true)
      end
    end)

    it("deletes, and what is absent too", function()
      assert(bucket:put("d/k", "x"))
      assert.is_true(assert(bucket:delete "d/k"))
      assert.is_true(assert(bucket:delete "d/k"))
      refused("NoSuchKey", bucket:get "d/k")
      assert.same({}, keys())
      assert(bucket:put("d", "a plain key again"))
      assert.equal("a plain key again", (bucket:get "d"))
    end)

    describe("keeps a condition", function()
      it("to write only what is absent", function()
        local first = assert(bucket:put("k", "first", { if_none_match = "*" }))
        local again, problem = bucket:put("k", "second", { if_none_match = "*" })
        local err = refused("PreconditionFailed", again, problem)
        assert.same({ 412, false }, { err.status, err.retryable })
        local body, meta = bucket:get "k"
        assert.same({ "first", first.etag }, { body, meta.etag })
        assert(bucket:delete "k")
        assert(bucket:put("k", "third", { if_none_match = "*" }))
      end)

      it("to write only what is unchanged", function()
        local one = assert(bucket:put("k", "one"))
        local two = assert(bucket:put("k", "two", { if_match = one.etag }))
        refused("PreconditionFailed", bucket:put("k", "three", { if_match = one.etag }))
        assert.equal("two", (bucket:get "k"))
        assert(bucket:delete "k")
        refused_when_gone(bucket:put("k", "three", { if_match = two.etag }))
        refused("NoSuchKey", bucket:get "k")
      end)

      it("to delete only what is unchanged", function()
        local one = assert(bucket:put("k", "one"))
        local two = assert(bucket:put("k", "two"))
        refused("PreconditionFailed", bucket:delete("k", { if_match = one.etag }))
        assert.equal("two", (bucket:get "k"))
        assert(bucket:delete("k", { if_match = two.etag }))
        refused_when_gone(bucket:delete("k", { if_match = two.etag }))
      end)

      it("for one of many who create at once", function()
        local won, ended = 0, 0
        for i = 1, 8 do
          tide.spawn(function()
            if bucket:put("race", "body " .. i, { if_none_match = "*" }) then won = won + 1 end
            ended = ended + 1
          end)
        end
        contract.wait_for(function() return ended == 8 end)
        assert.equal(1, won)
      end)

      it("for each of many who count together", function()
        assert(bucket:put("count", "0"))
        local ended = 0
        for _ = 1, 5 do
          tide.spawn(function()
            repeat
              local body, meta = bucket:get "count"
              local next_body = tostring(math.tointeger(body) + 1)
              local ok = bucket:put("count", next_body, { if_match = meta.etag })
            until ok
            ended = ended + 1
          end)
        end
        contract.wait_for(function() return ended == 5 end)
        assert.equal("5", (bucket:get "count"))
      end)
    end)

    describe("takes keys", function()
      it("that look like something else", function()
        local odd = { " ", "a b", "a+b", "a%2Fb", "%", "a?b=c&d", "a#b", "'\"<>&;", "\\", "*",
          "~!@$^()[]{}|", "-rf", "...", ".hidden", "..a/b..", ":", "caf\u{e9}", "cafe\u{301}",
          "日本", "🌙/🌊", "UPPER", "upper", "end.", "end ", "a/b/c/d/e/f/g/h" }
        for _, key in ipairs(odd) do assert(bucket:put(key, key)) end
        local listed = keys()
        table.sort(odd)
        table.sort(listed)
        assert.same(odd, listed)
        for _, key in ipairs(odd) do
          assert.equal(key, (bucket:get(key)))
          assert(bucket:delete(key))
        end
        assert.same({}, keys())
      end)

      it("of 255 bytes between slashes, and no more", function()
        local key = ("k"):rep(255) .. "/" .. ("é"):rep(127)
        assert(bucket:put(key, "long"))
        assert.same({ key }, keys())
        assert.equal("long", (bucket:get(key)))
        refused("InvalidKey", bucket:put(("k"):rep(256), "x"))
      end)

      it("of 1,024 bytes behind the prefix of the place, and no more", function()
        local key = (("k"):rep(200) .. "/"):rep(4) .. "z"
        assert(bucket:put(key, "long"))
        assert.equal("long", (bucket:get(key)))
        refused("InvalidKey", bucket:put(("k/"):rep(512) .. "k", "x"))
      end)

      it("but not those that lead elsewhere", function()
        for _, key in ipairs { "", "/", "/a", "a/", "a//b", ".", "..", "a/.", "../a", "a/../b",
          "a\nb", "a\0b", "\x7F", "\xFF", "\xC0\xAF", "\xED\xA0\x80" } do
          refused("InvalidKey", bucket:get(key))
          refused("InvalidKey", bucket:head(key))
          refused("InvalidKey", bucket:put(key, "x"))
          refused("InvalidKey", bucket:delete(key))
        end
        assert.same({}, keys())
      end)
    end)

    it("refuses what cannot be metadata", function()
      for name, value in pairs { Upper = "v", a_b = "v", ["a:b"] = "v", ok = "l\n", no = "café" } do
        refused("InvalidMetadata", bucket:put("k", "x", { metadata = { [name] = value } }))
      end
      refused("NoSuchKey", bucket:get "k")
    end)

    describe("lists", function()
      it("in the order of bytes", function()
        local list = { "10", "9", "A", "a-", "a-b", "a/-", "a/B", "a/b", "a/b-c-d", "a/b-c/x",
          "a/b.c", "a0", "ab", "b", "z", "é" }
        for i = #list, 1, -1 do assert(bucket:put(list[i], "x")) end
        assert.same(list, keys())
      end)

      it("what begins with a prefix", function()
        put_all { "wid", "widgets/a/1", "widgets/a/2", "widgets/ab/1", "widgets2", "x" }
        assert.same({ "widgets/a/1", "widgets/a/2", "widgets/ab/1" }, keys { prefix = "widgets/" })
        assert.same({ "widgets/a/1", "widgets/a/2", "widgets/ab/1" }, keys { prefix = "widgets/a" })
        assert.same({ "widgets/a/1", "widgets/a/2" }, keys { prefix = "widgets/a/" })
        assert.same({ "wid", "widgets/a/1", "widgets/a/2", "widgets/ab/1", "widgets2" },
          keys { prefix = "wid" })
        assert.same({}, keys { prefix = "y" })
      end)

      it("every key once over pages, while it deletes what it was given", function()
        local count, seen, last = 1003, 0, ""
        local ended = 0
        for part = 0, 3 do
          tide.spawn(function()
            for i = part, count - 1, 4 do assert(bucket:put(("p/%04d"):format(i), "x")) end
            ended = ended + 1
          end)
        end
        contract.wait_for(function() return ended == 4 end)
        for entry in bucket:each { prefix = "p/" } do
          assert.is_true(entry.key > last)
          last, seen = entry.key, seen + 1
          if seen % 100 == 0 then assert(bucket:delete(entry.key)) end
        end
        assert.equal(count, seen)
      end)

      it("two at once, each from its own place", function()
        put_all { "a", "b", "c" }
        local one, two = bucket:each(), bucket:each()
        assert.same({ "a", "a", "b", "b", "c", "c" }, { one().key, two().key, one().key, two().key,
          one().key, two().key })
        assert.is_nil(one())
        assert.is_nil(two())
        assert.is_nil(two())
      end)
    end)

    it("refuses options that it does not know, by name", function()
      for _, misuse in ipairs {
        { function() bucket:put("k", "x", { if_equal = {} }) end, "unknown option 'if_equal'" },
        { function() bucket:put("k", "x", { if_none_match = '"e"' }) end, 'can only be "%*"' },
        { function() bucket:delete("k", { if_match = "" }) end, "if_match is empty" },
        { function() bucket:each { limit = 3 } end, "unknown option 'limit'" },
      } do
        assert.error_matches(misuse[1], misuse[2])
      end
    end)
  end)
end
