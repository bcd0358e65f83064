-- A source that is an execution layer: two reads make one answer. The same outcomes as with a
-- consensus node, and safe never behind finalized although the source moves between the reads.
local follow = use "common/follow"

-- ATO-03: every read of the source is held, and the source moves on before it is let go.
local function source_moves_between_reads(w, step, polls)
  local safe = w:at(200)
  follow.converged(w, safe, safe, safe - 5)
  w:hold("source", "eth_getBlockByNumber")
  w:start()
  local from = w:mark()
  for _ = 1, 2 * polls do
    w:within(3, "the node reads the source", function() return w:held("source") > 0 end)
    if w:heads().safe.number + step < w:at(500).number then w:advance(step) end
    w:release("source", "eth_getBlockByNumber")
    w:hold("source", "eth_getBlockByNumber")
  end
  w:release("source", "eth_getBlockByNumber")
  follow.settle(w, 3)
  for _, fcu in ipairs(follow.forkchoices(w, from)) do
    w:expect("finalized " .. tostring(fcu.finalized) .. " is not above safe " .. tostring(fcu.safe),
             not fcu.finalized or fcu.finalized:is_ancestor_of(fcu.safe))
  end
end

-- Finalized is asked first: a source that moves meanwhile can only make safe newer.
local function expect_finalized_first(w)
  local before
  for _, call in ipairs(w:calls("source", "eth_getBlockByNumber")) do
    if call.tag == "safe" then
      w:expect("finalized is read before safe (trace line " .. call.index .. ")",
               before, "finalized")
    end
    before = call.tag
  end
end

return {
  id = "FOL-14",
  title = "EL-flavour source: tags instead of syncStatus",
  priority = "P0",
  applies = "L",
  variants = {"A"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-02", "I-07", "R-2.3"},

  run = function(w)
    local parts = {
      function() use("fol/FOL-01").run(w) end,
      function() use("fol/FOL-02").run(w) end,
      function() use("reo/REO-01").run(w) end,
    }
    for _, step in ipairs{1, 10, 100} do
      parts[#parts + 1] = function()
        source_moves_between_reads(w, step, w.long and 30 or 8)
      end
    end
    for i, part in ipairs(parts) do
      w:note("part " .. i .. " of " .. #parts)
      part()
      expect_finalized_first(w)
      if w:is_running() then w:stop() end
      w:fresh()
    end
  end,
}
