-- The source is ahead of the engine at every poll, the engine fetches what it is told, and gossip is
-- two blocks above. Jumps to the source's block must not starve the payloads.
local follow = use "common/follow"

return {
  id = "FOL-03",
  title = "Large safe jump is one forkchoice, not one per block",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-27", "I-29"},

  run = function(w)
    local safe, finalized = w:at(100), w:at(40)
    w:engine{head = safe, safe = safe, finalized = finalized, backfill = 40}
    w:source{unsafe = safe + 30, safe = safe + 30, finalized = finalized}
    w:start()
    follow.settle(w, 4, "a jump of thirty blocks")
    w:expect("forkchoices for it that were VALID", #(function()
      local valid = {}
      for _, fcu in ipairs(follow.forkchoices(w)) do
        if fcu.status == "VALID" then valid[#valid + 1] = fcu end
      end
      return valid
    end)(), 1)
    local at = safe + 30
    for i = 1, 30 do
      w:feed(at + i + 2)
      w:source{unsafe = at + i + 2, safe = at + i, finalized = finalized}
      w:wait(1)
    end
    w:within(6, "the head is the tip of gossip", function() return w:label("latest") == at + 32 end)
    follow.settle(w, 2)
  end,
}
