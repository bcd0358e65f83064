-- The stuck-RR regression: with derivation off, a ticker that was re-armed by everything never
-- fired, and a gap in the unsafe chain was never filled.
local follow = use "common/follow"

return {
  id = "UNS-05",
  title = "Gap never filled by gossip: stuck-RR regression",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-27", "R-3.3"},

  run = function(w)
    local head, finalized = w:at(300), w:at(40)
    follow.converged(w, head, head - 20, finalized)
    w:engine{backfill = 2}
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    local far, from = head + 5, w:mark()
    w:feed(far)
    w:within(3, "the node asks the engine for the block above the gap", function()
      for _, call in ipairs(w:calls("engine", "engine_newPayload*", from)) do
        if call.block == far then return call end
      end
      return follow.find(w, from, function(fcu) return fcu.head == far end)
    end)
    w:within(7, "the engine's head is the block above the gap",
             function() return w:label("latest") == far end)
    w:expect("safe stands where the source's stands", w:label("safe"), head - 20)
  end,
}
