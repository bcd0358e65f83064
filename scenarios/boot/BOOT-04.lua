-- A chain that has just begun: genesis is shown as safe and finalized, and is not sent; the first block
-- may name it under its head.
local follow = use "common/follow"

return {
  id = "BOOT-04",
  title = "Genuine fresh chain: remote safe = finalized = genesis",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-01", "I-13", "R-2.1", "R-2.8"},
  known_deviations = {{cl = "op-node", what = "genesis refs stay zero, and genesis is sent as head",
                       link = "https://github.com/ethereum-optimism/optimism/issues/20295"}},

  run = function(w)
    local genesis = w:block("G")
    w:source{unsafe = genesis, safe = genesis, finalized = genesis}
    w:start()
    w:within(2, "the node shows genesis, not nothing", function()
      local s = w:status()
      return s and s.safe == genesis and s.finalized == genesis and s.unsafe == genesis
    end)
    w:wait(3)
    w:expect("forkchoices", #follow.forkchoices(w), 0)
    w:feed("B+1", "B+10")
    w:within(2, "unsafe blocks go in", function() return w:label("latest") == w:block("B+10") end)
    w:source{unsafe = w:block("B+10"), safe = w:block("B+1"), finalized = genesis}
    w:within(3, "the first safe block is followed", function() return w:label("safe") == w:block("B+1") end)
  end,
}
