-- Gossip was out while the source moved on, and comes back with new blocks only. The node jumped to
-- the source's block meanwhile; the payload above it is on the source's chain, which the source can
-- tell. On another branch it stays where it is.
local follow = use "common/follow"

return {
  id = "UNS-12",
  title = "Gossip outage of 10 and 47 blocks, then resume",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "I-27", "P-7"},

  run = function(w)
    local start, finalized = w:at(200), w:at(100)
    for part, outage in ipairs{10, 47} do
      if part > 1 then
        w:stop()
        w:fresh()
      end
      local tip, at = start + outage + 8, start + outage
      w:engine{head = start, safe = start, finalized = finalized, backfill = 60, peer_tip = tip}
      w:source{unsafe = start, safe = start, finalized = finalized}
      w:start()
      w:within(2, "the node follows", function() return w:status() and w:status().safe == start end)
      w:hold("engine", "engine_forkchoiceUpdated*")
      w:source{unsafe = tip, safe = at, finalized = finalized}
      w:within(3, "the node jumps", function() return w:held("engine") > 0 end)
      w:feed(tip)
      w:within(2, "the tip was handed in", function() return w:feeding() == 0 end)
      w:release("engine")
      w:within(8, "the head is the tip", function() return w:label("latest") == tip end)
      follow.settle(w, 2)
    end

    local head, from = w:label("latest"), w:mark()
    local dead = w:fork("x", head, 20)
    w:feed(dead)
    w:source{unsafe = head + 30, safe = head + 10, finalized = finalized}
    w:engine{peer_tip = head + 30}
    follow.settle(w, 6, "the source is followed past the dead payload's branch")
    w:wait(6)
    w:expect("the dead payload was not named over it", follow.find(w, from, function(fcu)
      return fcu.head == dead and fcu.safe == head + 10
    end) == nil)
  end,
}
