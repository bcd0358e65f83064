-- Nobody hands in payloads and the engine is empty: the source's heads alone start its sync and end it.
local follow = use "common/follow"

return {
  id = "BOOT-12",
  title = "EL-sync mode without any gossip",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-01", "I-23", "R-2.12"},

  run = function(w)
    local safe = w:at(340)
    w:engine{backfill = 40}
    w:source{unsafe = safe + 20, safe = safe, finalized = safe - 60}
    w:start()
    w:steady(1, {distance = 60})
    w:within(3, "a forkchoice", function() return follow.forkchoices(w)[1] end)
    w:within(20, "the engine got to the source's safe block", function()
      local s = w:label("safe")
      return s and safe:is_ancestor_of(s)
    end)
    w:freeze()
    follow.settle(w, 4)
  end,
}
